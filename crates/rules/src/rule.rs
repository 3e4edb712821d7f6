//! One rule.

use std::fmt;

use payment::Payment;

use crate::condition::Condition;

/// Whether a rule has a say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// A hit makes the verdict fraud.
    Enforce,
    /// A hit is counted and told in a header, and decides nothing: how a rule is tried out on real payments.
    Shadow,
}

/// A question about a payment, and what follows when the answer is yes.
pub struct Rule {
    pub(crate) id: String,
    pub(crate) condition: Condition,
    pub(crate) mode: Mode,
    pub(crate) alert: bool,
}

impl Mode {
    /// Both modes, for counters that exist from the start.
    pub const ALL: &[Mode] = &[Mode::Enforce, Mode::Shadow];

    /// The name in metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Mode::Enforce => "enforce",
            Mode::Shadow => "shadow",
        }
    }
}

impl Rule {
    /// The name, one of its kind in a rule set; no comma in it.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The condition, as an operator reads it.
    #[must_use]
    pub fn when(&self) -> &str {
        self.condition.text()
    }

    /// Whether it has a say.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        self.mode
    }

    /// Whether a human must see what it hits. A shadow rule's alert is nobody's.
    #[must_use]
    pub const fn alerts(&self) -> bool {
        self.alert && matches!(self.mode, Mode::Enforce)
    }

    pub(crate) fn hits(&self, payment: &Payment<'_>) -> bool {
        self.condition.holds(payment)
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rule")
            .field("id", &self.id)
            .field("when", &self.when())
            .field("mode", &self.mode)
            .field("alert", &self.alert)
            .finish()
    }
}
