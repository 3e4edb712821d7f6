//! From the text of a variable to a type.

use std::fmt::Display;
use std::net::SocketAddr;
use std::path::PathBuf;

/// A type that a variable's text can become. Implement it for closed choices with
/// [`FromText::EXPECTED`] listing them.
pub trait FromText: Sized {
    /// What is accepted, to be read after "expected": `true or false`, `one of plaintext, ssl`.
    const EXPECTED: &'static str;

    /// Whether the text must be masked wherever it is shown, whatever the variable says of itself.
    const SECRET: bool = false;

    /// The value, or nothing when the text is not acceptable. Empty text never gets here.
    fn from_text(text: &str) -> Option<Self>;
}

/// A number, which can be held between limits with [`Reading::within`](crate::Reading::within).
pub trait Number: FromText + PartialOrd + Display {
    /// How a message calls it, before ` from 1 to 9`.
    const NOUN: &'static str;
}

macro_rules! whole_numbers {
    ($($number:ident: $expected:literal,)*) => {$(
        impl FromText for $number {
            const EXPECTED: &'static str = $expected;

            fn from_text(text: &str) -> Option<Self> {
                text.trim().parse().ok()
            }
        }

        impl Number for $number {
            const NOUN: &'static str = "a whole number";
        }
    )*};
}

whole_numbers! {
    u16: "a whole number from 0 to 65535",
    u32: "a whole number from 0 to 4294967295",
    u64: "a whole number, 0 or more",
    usize: "a whole number, 0 or more",
    i32: "a whole number from -2147483648 to 2147483647",
    i64: "a whole number",
}

impl FromText for f64 {
    const EXPECTED: &'static str = "a number";

    fn from_text(text: &str) -> Option<Self> {
        text.trim()
            .parse()
            .ok()
            .filter(|number: &f64| number.is_finite())
    }
}

impl Number for f64 {
    const NOUN: &'static str = "a number";
}

impl FromText for bool {
    const EXPECTED: &'static str = "true or false";

    fn from_text(text: &str) -> Option<Self> {
        match text.trim().to_ascii_lowercase().as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }
}

/// Kept as it is, surrounding spaces too: they mean something in YAML.
impl FromText for String {
    const EXPECTED: &'static str = "non-empty text";

    fn from_text(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| text.to_owned())
    }
}

impl FromText for SocketAddr {
    const EXPECTED: &'static str = "an address and a port, as 0.0.0.0:8080 or [::]:8080";

    fn from_text(text: &str) -> Option<Self> {
        text.trim().parse().ok()
    }
}

impl FromText for PathBuf {
    const EXPECTED: &'static str = "a path";

    fn from_text(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| Self::from(text))
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use super::*;

    fn check<T: FromText + PartialEq + Debug>(text: &str, expected: Option<T>) {
        assert_eq!(T::from_text(text), expected, "{text:?}");
    }

    #[test]
    fn numbers_are_read_within_their_type_and_with_spaces_around_them() {
        check("8080", Some(8080_u16));
        check(" 8080\r", Some(8080_u16));
        check::<u16>("65536", None);
        check::<u64>("-1", None);
        check("-1", Some(-1_i32));
        check::<u32>("1.5", None);
        check::<i64>("1_000", None);
    }

    #[test]
    fn a_number_that_is_not_finite_is_refused() {
        check("0.667", Some(0.667_f64));
        check::<f64>("NaN", None);
        check::<f64>("inf", None);
        check::<f64>("1e999", None);
    }

    #[test]
    fn only_true_and_false_are_truth_values() {
        check("true", Some(true));
        check("FALSE", Some(false));
        check::<bool>("1", None);
        check::<bool>("yes", None);
    }

    #[test]
    fn an_address_needs_a_port_and_is_never_looked_up() {
        check("127.0.0.1:0", Some(SocketAddr::from(([127, 0, 0, 1], 0))));
        check::<SocketAddr>("127.0.0.1", None);
        check::<SocketAddr>("localhost:8080", None);
    }

    #[test]
    fn text_keeps_its_spaces() {
        check("  - id: a", Some("  - id: a".to_owned()));
    }
}
