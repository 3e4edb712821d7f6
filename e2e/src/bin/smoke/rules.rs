//! The rules in the files against those that Prometheus has loaded.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::prometheus::Rule;
use e2e::failure::{Attempt as _, Outcome};

/// The names of all alerts and records in a folder of rule files.
pub fn names(folder: &Path) -> Outcome<BTreeSet<String>> {
    let what = format!("read {}", folder.display());
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(folder).attempt(&what)? {
        let text = fs::read_to_string(entry.attempt(&what)?.path()).attempt(&what)?;
        names.extend(text.lines().filter_map(name));
    }
    Ok(names)
}

/// What is in one place alone, and what fails, in sentences.
pub fn differences(expected: &BTreeSet<String>, loaded: &[Rule]) -> Vec<String> {
    let names: BTreeSet<String> = loaded.iter().map(|rule| rule.name.clone()).collect();
    let absent = expected.difference(&names);
    let absent = absent.map(|name| format!("Prometheus has not loaded the rule {name}"));
    let failing = loaded.iter().filter(|rule| !rule.error.is_empty());
    let failing = failing.map(|rule| format!("the rule {} fails: {}", rule.name, rule.error));
    absent.chain(failing).collect()
}

fn name(line: &str) -> Option<String> {
    let line = line.trim_start().strip_prefix("- ")?;
    let name = line
        .strip_prefix("alert:")
        .or_else(|| line.strip_prefix("record:"))?;
    Some(name.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_known_by_its_first_line() {
        assert_eq!(name("      - alert: A"), Some("A".to_owned()));
        assert_eq!(name("  - record: a:b:c"), Some("a:b:c".to_owned()));
        assert_eq!(name("        expr: up"), None);
        assert_eq!(name("  - name: group"), None);
    }

    #[test]
    fn rules_that_are_not_loaded_or_fail_are_told() {
        let expected = ["A", "B"].map(str::to_owned).into_iter().collect();
        let loaded = [Rule {
            name: "B".to_owned(),
            query: "up".to_owned(),
            error: "many-to-many".to_owned(),
        }];
        assert_eq!(
            differences(&expected, &loaded),
            [
                "Prometheus has not loaded the rule A",
                "the rule B fails: many-to-many"
            ]
        );
    }
}
