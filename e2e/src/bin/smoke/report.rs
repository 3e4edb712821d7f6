//! What a run says at its end.

use std::fmt;

/// Counts, and what was wrong.
#[derive(Debug, Default)]
pub struct Report {
    notes: Vec<String>,
    failures: Vec<String>,
    /// Panels that were asked.
    pub panels: usize,
    /// Panels whose every query had data.
    pub with_data: usize,
    /// Panels that had none, and need none.
    pub rightly_empty: usize,
    /// Variables that were asked.
    pub variables: usize,
    /// Selectors that were asked.
    pub selectors: usize,
    /// Selectors without series, rightly or not.
    pub selectors_empty: usize,
}

impl Report {
    /// Each sentence is a failure.
    pub fn fail(&mut self, sentences: Vec<String>) {
        self.failures.extend(sentences);
    }

    /// Something to know.
    pub fn say(&mut self, sentence: impl fmt::Display) {
        self.notes.push(sentence.to_string());
    }

    /// Whether nothing failed, and something was asked.
    pub fn is_good(&self) -> bool {
        self.failures.is_empty() && self.panels > 0 && self.selectors > 0
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for sentence in &self.notes {
            writeln!(f, "smoke: {sentence}")?;
        }
        for sentence in &self.failures {
            writeln!(f, "smoke: FAILED {sentence}")?;
        }
        writeln!(
            f,
            "smoke: {} panels checked, {} with data, {} rightly empty, {} failures; {} variables; {} selectors checked, {} without series",
            self.panels,
            self.with_data,
            self.rightly_empty,
            self.failures.len(),
            self.variables,
            self.selectors,
            self.selectors_empty,
        )
    }
}
