//! What is wrong with the configuration, all of it.

use std::error::Error;
use std::fmt;

/// One variable that cannot be used: its full name, what it holds (masked where secret) and what
/// would be accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    name: String,
    found: Found,
    expected: String,
}

/// Every problem of one reading, never empty. Displays as one message, a line for each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Unset,
    Empty,
    /// Already masked.
    Value(String),
    /// A value, already masked, and why it is of no use.
    Because(String, String),
}

impl Problem {
    pub(crate) fn new(name: impl Into<String>, found: Found, expected: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            found,
            expected: expected.into(),
        }
    }

    /// Full name of the variable.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Problems {
    pub(crate) fn new(problems: Vec<Problem>) -> Self {
        Self(problems)
    }

    /// The problems in the order in which the variables were read.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            found,
            expected,
        } = self;
        match found {
            Found::Unset => write!(formatter, "{name} is not set: expected {expected}"),
            Found::Empty => write!(formatter, "{name} is empty: expected {expected}"),
            Found::Value(value) => write!(formatter, "{name}={value}: expected {expected}"),
            Found::Because(value, reason) => {
                write!(formatter, "{name}={value} {reason}: expected {expected}")
            }
        }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [only] => write!(formatter, "bad configuration: {only}"),
            problems => {
                write!(formatter, "bad configuration, {} problems:", problems.len())?;
                problems
                    .iter()
                    .try_for_each(|problem| write!(formatter, "\n  {problem}"))
            }
        }
    }
}

impl Error for Problems {}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(name: &str, found: Found) -> Problem {
        Problem::new(name, found, "a number")
    }

    #[test]
    fn one_problem_is_one_line() {
        let problems = Problems::new(vec![problem("A_B", Found::Value("\"x\"".to_owned()))]);
        assert_eq!(
            problems.to_string(),
            "bad configuration: A_B=\"x\": expected a number"
        );
    }

    #[test]
    fn several_problems_are_counted_and_listed() {
        let because = Found::Because("\"/x\"".to_owned(), "cannot be read (not found)".to_owned());
        let problems = Problems::new(vec![
            problem("A", Found::Unset),
            problem("B", Found::Empty),
            problem("C_FILE", because),
        ]);
        let expected = "bad configuration, 3 problems:\
            \n  A is not set: expected a number\
            \n  B is empty: expected a number\
            \n  C_FILE=\"/x\" cannot be read (not found): expected a number";
        assert_eq!(problems.to_string(), expected);
    }
}
