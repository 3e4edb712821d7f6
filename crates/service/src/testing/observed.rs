//! What can be seen of a service from outside.

use super::until::until;

/// A service that a test watches, wherever it runs.
pub trait Observed {
    /// What `/readyz` answers.
    fn readiness(&self) -> String;

    /// What `/metrics` answers.
    fn metrics(&self) -> String;

    /// Whether the loops turn, as `/livez` says.
    fn is_alive(&self) -> bool;

    /// Waits until `/readyz` says this.
    fn wait_for(&self, text: &str) -> String {
        until(|| {
            let readiness = self.readiness();
            match readiness.contains(text) {
                true => Ok(readiness),
                false => Err(format!("not {text:?} but {readiness:?}")),
            }
        })
    }

    /// The value of the line of `/metrics` that starts like this, without the prefix of our metrics; `None` where it is not there.
    fn find_metric(&self, line: &str) -> Option<f64> {
        let metrics = self.metrics();
        let value = metrics.lines().find_map(|found| {
            found
                .strip_prefix("fraudstream_")?
                .strip_prefix(line)?
                .strip_prefix(' ')
        });
        value.map(|value| value.parse().expect("a number"))
    }

    /// The same of a line that is there.
    fn metric(&self, line: &str) -> f64 {
        let found = self.find_metric(line);
        found.unwrap_or_else(|| panic!("no {line} in {}", self.metrics()))
    }

    /// Waits until a metric has a value.
    fn wait_for_metric(&self, line: &str, wanted: impl Fn(f64) -> bool) -> f64 {
        until(|| match self.find_metric(line) {
            Some(value) if wanted(value) => Ok(value),
            other => Err(format!("{line} is {other:?}")),
        })
    }
}
