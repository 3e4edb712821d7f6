//! One variable as `--help` and the generated documents show it.

/// What happens when a variable has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fallback {
    /// The program cannot start without it.
    Required,
    /// The thing it configures is then left out.
    Unset,
    /// This text is read in its place.
    Value(&'static str),
}

/// A declared environment variable. Declarations are the only source of `--help` and of the
/// generated tables.
///
/// A name that ends in `*` declares an open set: every variable that starts with the part before
/// the star is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Full name, prefix included.
    pub name: &'static str,
    /// Type with its unit, as an operator reads it: `milliseconds`, `host:port`. One that starts
    /// with `secret` makes the value a secret: it is never shown, and `NAME_FILE` may name a file
    /// that holds it.
    pub kind: &'static str,
    /// What happens without a value.
    pub fallback: Fallback,
    /// What it is for, in a sentence without a period.
    pub meaning: &'static str,
}

impl Variable {
    /// Declares a variable.
    pub const fn new(
        name: &'static str,
        kind: &'static str,
        fallback: Fallback,
        meaning: &'static str,
    ) -> Self {
        Self {
            name,
            kind,
            fallback,
            meaning,
        }
    }

    /// Whether the value must never be shown.
    pub fn is_secret(&self) -> bool {
        self.kind.starts_with("secret")
    }

    /// Name of the variable that may name a file with this one's value.
    pub fn file_name(&self) -> String {
        format!("{}_FILE", self.name)
    }

    /// The part before the star when this declares an open set.
    pub fn open_prefix(&self) -> Option<&'static str> {
        self.name.strip_suffix('*')
    }

    /// Whether `name` is this variable, a member of this open set, or the file of this secret.
    pub(crate) fn covers(&self, name: &str) -> bool {
        match self.open_prefix() {
            Some(prefix) => name.len() > prefix.len() && name.starts_with(prefix),
            None => {
                name == self.name
                    || (self.is_secret() && name.strip_suffix("_FILE") == Some(self.name))
            }
        }
    }
}

/// The prefixes that these rooms own (`KAFKA_`, `TOPIC_`), each once: a name under one of them that
/// nobody declared is probably a typing mistake.
pub fn prefixes(rooms: &[&[Variable]]) -> Vec<&'static str> {
    let mut prefixes: Vec<&'static str> = Vec::new();
    for variable in rooms.iter().copied().flatten() {
        if let Some(end) = variable.name.find('_') {
            let prefix = &variable.name[..=end];
            if !prefixes.contains(&prefix) {
                prefixes.push(prefix);
            }
        }
    }
    prefixes
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWORD: Variable =
        Variable::new("DATABASE_PASSWORD", "secret", Fallback::Unset, "password");
    const URL: Variable = Variable::new("DATABASE_URL", "URL", Fallback::Required, "where rows go");
    const PROPERTY: Variable = Variable::new(
        "KAFKA_PROPERTY_*",
        "text",
        Fallback::Unset,
        "any librdkafka property",
    );

    #[test]
    fn a_secret_brings_its_file_and_others_do_not() {
        assert!(PASSWORD.covers("DATABASE_PASSWORD_FILE"));
        assert!(!URL.covers("DATABASE_URL_FILE"));
        assert!(URL.covers("DATABASE_URL"));
    }

    #[test]
    fn an_open_set_covers_what_comes_after_its_star_but_not_the_bare_prefix() {
        assert!(PROPERTY.covers("KAFKA_PROPERTY_LINGER_MS"));
        assert!(!PROPERTY.covers("KAFKA_PROPERTY_"));
        assert!(!PROPERTY.covers("KAFKA_PROPERTIES"));
    }

    #[test]
    fn prefixes_are_named_once_in_the_order_of_the_rooms() {
        assert_eq!(
            prefixes(&[&[PROPERTY], &[URL, PASSWORD]]),
            ["KAFKA_", "DATABASE_"]
        );
    }
}
