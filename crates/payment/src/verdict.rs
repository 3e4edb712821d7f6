//! What a payment is found to be.

use std::fmt;

/// The answer of the rules: which of the two outputs a payment goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// At least one enforcing rule hit.
    Fraud,
    /// No enforcing rule hit.
    Legit,
}

impl Verdict {
    /// Both verdicts, for counters that exist from the start.
    pub const ALL: &[Verdict] = &[Verdict::Fraud, Verdict::Legit];

    /// The name in metrics and in the header `fs-verdict`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Verdict::Fraud => "fraud",
            Verdict::Legit => "legit",
        }
    }

    /// The verdict that [`Verdict::as_str`] names so.
    #[must_use]
    pub fn named(name: &str) -> Option<Verdict> {
        Verdict::ALL
            .iter()
            .copied()
            .find(|verdict| verdict.as_str() == name)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
