//! One pass over the environment that notes every problem and stops at none.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use serde::de::DeserializeOwned;

use crate::problem::Found;
use crate::{
    Environment, Fallback, FromText, Number, Problem, Problems, Secret, Variable, file, mask,
    unknown,
};

/// A pass over the environment.
///
/// Its methods answer `None` only after they noted a problem, so a room can gather what it reads
/// with `?` once every variable was asked for. Ask for all of them first: an early `?` would hide
/// the problems of the variables after it.
#[derive(Debug)]
pub struct Reading<'e> {
    environment: &'e Environment,
    problems: Vec<Problem>,
}

impl<'e> Reading<'e> {
    /// Starts a pass.
    pub fn new(environment: &'e Environment) -> Self {
        Self {
            environment,
            problems: Vec::new(),
        }
    }

    /// Fills a room from the variables under its prefix: field `group_id` of prefix `KAFKA_` is
    /// `KAFKA_GROUP_ID`. `T` is a plain struct of `Option<String>` with `#[serde(default)]`, and
    /// nothing in it can fail.
    pub fn room<T: DeserializeOwned + Default>(&mut self, prefix: &str) -> T {
        // envy lowers the case of names, so `TOPIC_fraud` beside `TOPIC_FRAUD` would be a duplicate
        // field.
        let variables = self
            .environment
            .iter()
            .filter(|(name, _)| !name.contains(|letter: char| letter.is_ascii_lowercase()))
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        envy::prefixed(prefix)
            .from_iter(variables)
            .unwrap_or_else(|error| {
                let expected = format!("a room of optional text, which this is not: {error}");
                self.problems
                    .push(Problem::new(format!("{prefix}*"), Found::Unset, expected));
                T::default()
            })
    }

    /// The members of an open set such as `KAFKA_PROPERTY_*`, empty values left out: the part of
    /// the name after the prefix, and the value.
    pub fn open_set(&mut self, variable: &Variable) -> BTreeMap<String, String> {
        let prefix = variable.open_prefix().unwrap_or(variable.name);
        self.environment
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .filter_map(|(name, value)| {
                let rest = name.strip_prefix(prefix).filter(|rest| !rest.is_empty())?;
                Some((rest.to_owned(), value.to_owned()))
            })
            .collect()
    }

    /// A value that the program needs: the text's, or the fallback's when there is none.
    pub fn parse<T: FromText>(&mut self, variable: &Variable, text: Option<String>) -> Option<T> {
        self.parse_expecting(variable, text, T::EXPECTED, T::from_text)
    }

    /// A number between two limits, both included.
    pub fn within<T: Number>(
        &mut self,
        variable: &Variable,
        text: Option<String>,
        limits: RangeInclusive<T>,
    ) -> Option<T> {
        let expected = format!("{} from {} to {}", T::NOUN, limits.start(), limits.end());
        self.parse_expecting(variable, text, &expected, |text| {
            T::from_text(text).filter(|number| limits.contains(number))
        })
    }

    /// A value that the program can do without: `Some(None)` when it is unset or empty.
    pub fn optional<T: FromText>(
        &mut self,
        variable: &Variable,
        text: Option<String>,
    ) -> Option<Option<T>> {
        match (given(text.clone()), variable.fallback) {
            (None, Fallback::Unset) => Some(None),
            _ => self.parse(variable, text).map(Some),
        }
    }

    /// A secret from `X` or from the file that `X_FILE` names; a newline at its end is an editor's
    /// and is dropped.
    pub fn secret(
        &mut self,
        variable: &Variable,
        text: Option<String>,
        file: Option<String>,
    ) -> Option<Option<Secret>> {
        let text = self.text_or_file(variable, text, file)?;
        Some(text.map(Secret::new))
    }

    /// Text from `X` or from the file that `X_FILE` names. Both at once are a problem, and so is a
    /// file that cannot be read, holds nothing, is not UTF-8 or is larger than 1 MiB.
    pub fn text_or_file(
        &mut self,
        variable: &Variable,
        text: Option<String>,
        file: Option<String>,
    ) -> Option<Option<String>> {
        match (given(text.clone()), given(file)) {
            (Some(_), Some(path)) => {
                let expected = format!(
                    "one of {} and {}, not both",
                    variable.name,
                    variable.file_name()
                );
                self.refuse_named(&variable.file_name(), &path, expected);
                None
            }
            (None, Some(path)) => match file::contents(&path) {
                Ok(contents) => Some(Some(contents)),
                Err(reason) => {
                    let name = variable.file_name();
                    let found = Found::Because(mask::shown(&name, &path, false), reason);
                    let expected = format!("the path of a text file that holds {}", variable.name);
                    self.problems.push(Problem::new(name, found, expected));
                    None
                }
            },
            (Some(text), None) => Some(Some(text)),
            (None, None) => match variable.fallback {
                Fallback::Unset => Some(None),
                Fallback::Value(value) => Some(Some(value.to_owned())),
                Fallback::Required => {
                    self.missing(
                        variable,
                        text.is_some(),
                        format!("a value, or a file named by {}", variable.file_name()),
                    );
                    None
                }
            },
        }
    }

    /// Notes a problem that only the whole shows, such as one variable contradicting another.
    pub fn refuse(&mut self, variable: &Variable, value: &str, expected: impl Into<String>) {
        let shown = mask::shown(variable.name, value, variable.is_secret());
        self.problems
            .push(Problem::new(variable.name, Found::Value(shown), expected));
    }

    /// Notes a problem of a variable that has no declaration of its own, such as a member of an
    /// open set.
    pub fn refuse_named(&mut self, name: &str, value: &str, expected: impl Into<String>) {
        let shown = mask::shown(name, value, false);
        self.problems
            .push(Problem::new(name, Found::Value(shown), expected));
    }

    /// Ends the pass: the value with a warning for each unknown variable under `prefixes`, or every
    /// problem.
    pub fn finish<T>(
        mut self,
        value: Option<T>,
        known: &[&[Variable]],
        prefixes: &[&str],
    ) -> Result<(T, Vec<String>), Problems> {
        let declared = |name: &str| {
            known
                .iter()
                .copied()
                .flatten()
                .any(|variable| variable.covers(name))
        };
        for name in self.environment.not_utf8().filter(|name| declared(name)) {
            let found = Found::Because("…".to_owned(), "is not UTF-8".to_owned());
            self.problems.push(Problem::new(name, found, "UTF-8 text"));
        }
        match value {
            Some(value) if self.problems.is_empty() => {
                Ok((value, unknown::warnings(self.environment, known, prefixes)))
            }
            None if self.problems.is_empty() => {
                let found =
                    Found::Because(String::new(), "was given up without a reason".to_owned());
                Err(Problems::new(vec![Problem::new(
                    "configuration",
                    found,
                    "a report of this bug",
                )]))
            }
            _ => Err(Problems::new(self.problems)),
        }
    }

    fn parse_expecting<T: FromText>(
        &mut self,
        variable: &Variable,
        text: Option<String>,
        expected: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let empty = text.is_some();
        let Some(text) = given(text).or_else(|| fallback(variable)) else {
            self.missing(variable, empty, expected);
            return None;
        };
        let value = parse(&text);
        if value.is_none() {
            let shown = mask::shown(variable.name, &text, T::SECRET || variable.is_secret());
            self.problems
                .push(Problem::new(variable.name, Found::Value(shown), expected));
        }
        value
    }

    fn missing(&mut self, variable: &Variable, empty: bool, expected: impl Into<String>) {
        let found = if empty { Found::Empty } else { Found::Unset };
        self.problems
            .push(Problem::new(variable.name, found, expected));
    }
}

/// The text, unless there is nothing in it.
fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

fn fallback(variable: &Variable) -> Option<String> {
    match variable.fallback {
        Fallback::Required | Fallback::Unset => None,
        Fallback::Value(value) => Some(value.to_owned()),
    }
}
