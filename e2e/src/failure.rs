//! Why a scenario cannot go on, in a sentence.

use std::fmt;

/// What was attempted, and what came instead.
#[derive(Debug, Clone)]
pub struct Failure(String);

/// Of every step.
pub type Outcome<T = ()> = Result<T, Failure>;

/// Says what was attempted when something fails.
pub trait Attempt<T> {
    /// Puts `what` in front of the error's own words.
    fn attempt(self, what: impl fmt::Display) -> Outcome<T>;
}

impl Failure {
    /// A failure that is told by this sentence.
    pub fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }
}

impl<T, E: fmt::Display> Attempt<T> for Result<T, E> {
    fn attempt(self, what: impl fmt::Display) -> Outcome<T> {
        self.map_err(|error| Failure(format!("{what}: {error}")))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
