//! What is rightly empty on a healthy system: `dashboards/rightly-empty.txt`.
//!
//! A line is `panel DASHBOARD / TITLE: REASON` or `metric NAME: REASON`; `#` starts a comment. A panel that
//! is listed may be empty; a metric that is listed may have no series in the selectors of rules and panels.

use std::fs;
use std::path::Path;

use e2e::failure::{Attempt as _, Failure, Outcome};

/// More would be an excuse.
const MOST: usize = 5;

/// The lines of the file.
#[derive(Debug, Default)]
pub struct Exceptions {
    /// Panels, as `DASHBOARD / TITLE`.
    pub panels: Vec<String>,
    /// Names of metrics.
    pub metrics: Vec<String>,
}

impl Exceptions {
    /// Reads the file.
    pub fn read(path: &Path) -> Outcome<Self> {
        let what = format!("read {}", path.display());
        let text = fs::read_to_string(path).attempt(&what)?;
        Self::of(&text).attempt(&what)
    }

    fn of(text: &str) -> Outcome<Self> {
        let mut exceptions = Self::default();
        let lines = text.lines().map(str::trim);
        for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (name, reason) = line.split_once(": ").unwrap_or((line, ""));
            if reason.trim().is_empty() {
                return Err(Failure::new(format!("there is no reason in {line:?}")));
            }
            match name.split_once(' ') {
                Some(("panel", name)) => exceptions.panels.push(name.to_owned()),
                Some(("metric", name)) => exceptions.metrics.push(name.to_owned()),
                _ => return Err(Failure::new(format!("neither panel nor metric: {line:?}"))),
            }
        }
        match exceptions.panels.len() + exceptions.metrics.len() {
            ..=MOST => Ok(exceptions),
            count => Err(Failure::new(format!(
                "{count} things are listed, and {MOST} are the most"
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_a_panel_or_a_metric_and_a_reason() {
        let text = "# why\n\npanel fraud / Alerts: waiting: nobody waits\nmetric m: none\n";
        let exceptions = Exceptions::of(text).unwrap();
        assert_eq!(exceptions.panels, ["fraud / Alerts"]);
        assert_eq!(exceptions.metrics, ["m"]);
    }

    #[test]
    fn a_line_without_a_reason_and_a_sixth_line_are_faults() {
        assert!(Exceptions::of("panel fraud / Alerts\n").is_err());
        assert!(Exceptions::of("alert a: b\n").is_err());
        assert!(Exceptions::of(&"metric m: none\n".repeat(5)).is_ok());
        assert!(Exceptions::of(&"metric m: none\n".repeat(6)).is_err());
    }
}
