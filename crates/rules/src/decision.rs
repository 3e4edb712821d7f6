//! What a rule set has to say about one payment.

use payment::Verdict;

use crate::{Mode, Rule};

/// A verdict and the hits it rests on.
#[derive(Debug, Clone)]
pub struct Decision<'r> {
    /// Fraud when an enforcing rule hit, else legit.
    pub verdict: Verdict,
    /// Every rule that hit, in the rule set's order; without any, nothing was allocated.
    pub hits: Vec<Hit<'r>>,
}

/// A rule that matched.
#[derive(Debug, Clone, Copy)]
pub struct Hit<'r> {
    /// Which.
    pub rule: &'r Rule,
}

impl<'r> Decision<'r> {
    pub(crate) fn of(hits: Vec<Hit<'r>>) -> Decision<'r> {
        let enforced = hits.iter().any(|hit| hit.rule.mode() == Mode::Enforce);
        Decision {
            verdict: if enforced {
                Verdict::Fraud
            } else {
                Verdict::Legit
            },
            hits,
        }
    }

    /// Ids of the enforcing rules that hit: the header `fs-rules`.
    pub fn enforced(&self) -> impl Iterator<Item = &'r str> {
        self.ids(Mode::Enforce)
    }

    /// Ids of the shadow rules that hit: the header `fs-shadow`.
    pub fn shadowed(&self) -> impl Iterator<Item = &'r str> {
        self.ids(Mode::Shadow)
    }

    fn ids(&self, mode: Mode) -> impl Iterator<Item = &'r str> {
        self.hits
            .iter()
            .filter(move |hit| hit.rule.mode() == mode)
            .map(|hit| hit.rule.id())
    }
}
