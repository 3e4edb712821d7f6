//! The variables a program was started with.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fmt;

/// A snapshot of the environment, sorted by name. Tests make their own; only
/// [`Environment::from_process`] looks at the process.
#[derive(Clone, Default)]
pub struct Environment {
    variables: BTreeMap<String, String>,
    /// Names whose value was not UTF-8. Kept with a lossy value, refused when somebody reads them.
    not_utf8: BTreeSet<String>,
}

impl Environment {
    /// The variables of this process. Never panics: a value that is not UTF-8 becomes a problem if
    /// it is one of ours.
    pub fn from_process() -> Self {
        Self::from_os(std::env::vars_os())
    }

    /// The value of a variable, as it was given.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// All variables, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.variables
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Names of the variables whose value could not be read as text.
    pub(crate) fn not_utf8(&self) -> impl Iterator<Item = &str> {
        self.not_utf8.iter().map(String::as_str)
    }

    fn from_os(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let mut environment = Self::default();
        for (name, value) in variables {
            let name = name.to_string_lossy().into_owned();
            let value = value.into_string().unwrap_or_else(|value| {
                environment.not_utf8.insert(name.clone());
                value.to_string_lossy().into_owned()
            });
            environment.variables.insert(name, value);
        }
        environment
    }
}

/// Names only: nobody knows which of the values are secret.
impl fmt::Debug for Environment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_set()
            .entries(self.variables.keys())
            .finish()
    }
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(variables: I) -> Self {
        Self {
            variables: variables.into_iter().collect(),
            not_utf8: BTreeSet::new(),
        }
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Environment {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(variables: I) -> Self {
        variables
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_found_by_its_exact_name() {
        let environment = Environment::from_iter([("TOPIC_FRAUD", "f")]);
        assert_eq!(environment.get("TOPIC_FRAUD"), Some("f"));
        assert_eq!(environment.get("topic_fraud"), None);
    }

    #[test]
    fn debug_shows_names_and_no_values() {
        let environment = Environment::from_iter([("DATABASE_PASSWORD", "hunter2")]);
        assert_eq!(format!("{environment:?}"), "{\"DATABASE_PASSWORD\"}");
    }

    #[cfg(unix)]
    #[test]
    fn a_value_that_is_not_utf8_is_a_problem_if_it_is_ours_and_never_a_panic() {
        use std::os::unix::ffi::OsStringExt;

        use crate::{Fallback, Reading, Variable};

        let ours = Variable::new("TOPIC_FRAUD", "text", Fallback::Unset, "");
        let read = |name: &str| {
            let broken = (OsString::from(name), OsString::from_vec(vec![b'a', 0xff]));
            let environment = Environment::from_os([broken]);
            let finished = Reading::new(&environment).finish(Some(()), &[&[ours]], &["TOPIC_"]);
            finished.map_err(|problems| problems.to_string())
        };
        let expected = "bad configuration: TOPIC_FRAUD=… is not UTF-8: expected UTF-8 text";
        assert_eq!(read("TOPIC_FRAUD"), Err(expected.to_owned()));
        assert!(read("PS1").is_ok());
    }
}
