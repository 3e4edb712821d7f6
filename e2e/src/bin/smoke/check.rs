//! One question to Prometheus that must not be answered with nothing.

use crate::prometheus::Prometheus;
use e2e::failure::Outcome;

/// A question, and where it stands.
#[derive(Debug)]
pub struct Check {
    /// What it is counted as.
    pub kind: Kind,
    /// Where it stands, for people.
    pub place: String,
    /// The question.
    pub question: Question,
    /// Whether an empty answer is right, too. An error never is.
    pub may_be_empty: bool,
}

/// What asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A query of the panel of this number.
    Panel(usize),
    /// A dashboard's variable.
    Variable,
    /// A vector selector of a rule or a panel.
    Selector,
}

/// What is asked.
#[derive(Debug, PartialEq, Eq)]
pub enum Question {
    /// A query in PromQL.
    Query(String),
    /// The values of a label.
    Values {
        /// The label.
        label: String,
        /// Of which series.
        series: Option<String>,
    },
}

/// How a question was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// With data.
    Data,
    /// With nothing, or with nothing that is a number.
    Nothing,
    /// With an error.
    Error(String),
}

impl Question {
    /// Asks it.
    pub fn ask(&self, prometheus: &Prometheus) -> Answer {
        match self.has_data(prometheus) {
            Ok(true) => Answer::Data,
            Ok(false) => Answer::Nothing,
            Err(failure) => Answer::Error(failure.to_string()),
        }
    }

    /// What was asked, for people.
    pub fn text(&self) -> &str {
        match self {
            Self::Query(query) => query,
            Self::Values { label, .. } => label,
        }
    }

    fn has_data(&self, prometheus: &Prometheus) -> Outcome<bool> {
        match self {
            Self::Query(query) => prometheus.has_data(query),
            Self::Values { label, series } => prometheus.has_values(label, series.as_deref()),
        }
    }
}
