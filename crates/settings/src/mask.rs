//! What of a value may be shown.

/// Stands where something is hidden.
const HIDDEN: &str = "***";

/// Values are shown up to this many characters: a whole rule set in an error message hides the
/// message.
const LONGEST: usize = 120;

/// Words in a name that make its value a secret, for open sets where nobody declared the kind. They
/// are long words on purpose: `KEY` alone would hide `KAFKA_PROPERTY_SSL_KEY_LOCATION`, a path that
/// an operator must see.
const SECRET_WORDS: &[&str] = &[
    "PASSWORD",
    "PASSPHRASE",
    "SECRET",
    "TOKEN",
    "CREDENTIAL",
    "PRIVATE",
    "KEY_PEM",
];

/// A variable's value, quoted, cut when long, and without anything that is nobody's business.
pub(crate) fn shown(name: &str, value: &str, secret: bool) -> String {
    if secret || names_a_secret(name) {
        return HIDDEN.to_owned();
    }
    let value = without_parameters(&without_password(value));
    let mut characters = value.chars();
    let head: String = characters.by_ref().take(LONGEST).collect();
    match characters.count() {
        0 => format!("{head:?}"),
        more => format!("{head:?} and {more} more characters"),
    }
}

/// Whether a name says by itself that its value is a secret. A `_FILE` holds the path of one, which
/// may be shown.
fn names_a_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    !name.ends_with("_FILE") && SECRET_WORDS.iter().any(|word| name.contains(word))
}

/// Hides what stands between the user's colon and the last `@`. A password may itself hold `/`, `:`
/// and `@`, and a mistyped scheme must not let it through, so this asks less than a URL parser
/// would and hides more.
fn without_password(value: &str) -> String {
    let Some(at) = value.rfind('@') else {
        return without_lost_password(value);
    };
    let user = value[..at]
        .find("://")
        .map_or(0, |scheme| scheme + "://".len());
    match value[user..at].find(':') {
        Some(colon) => format!("{}{HIDDEN}{}", &value[..=user + colon], &value[at..]),
        None => value.to_owned(),
    }
}

/// A URL whose host got lost may end with its password: hides what stands behind a colon where a port would, unless it is one.
fn without_lost_password(value: &str) -> String {
    let Some((scheme, rest)) = value.split_once("://") else {
        return value.to_owned();
    };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    match rest[..end].rsplit_once(':') {
        Some((user, port))
            if port.is_empty() || !port.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            format!("{scheme}://{user}:{HIDDEN}{}", &rest[end..])
        }
        _ => value.to_owned(),
    }
}

/// Hides the values of `?password=…&token=…`.
fn without_parameters(value: &str) -> String {
    let Some((address, query)) = value.split_once('?') else {
        return value.to_owned();
    };
    let parameters: Vec<String> = query
        .split('&')
        .map(|parameter| match parameter.split_once('=') {
            Some((name, _)) if names_a_secret(name) => format!("{name}={HIDDEN}"),
            _ => parameter.to_owned(),
        })
        .collect();
    format!("{address}?{}", parameters.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_inside_a_url_is_hidden_however_it_is_written() {
        fn check(value: &str, expected: &str) {
            assert_eq!(
                shown("DATABASE_URL", value, false),
                format!("{expected:?}"),
                "{value}"
            );
        }
        check(
            "mysql://root:hunter2@db:3306/fraud",
            "mysql://root:***@db:3306/fraud",
        );
        check(
            "mysql://root:hun/ter@2@db/fraud",
            "mysql://root:***@db/fraud",
        );
        check("mysql:/root:hunter2@db/fraud", "mysql:***@db/fraud");
        check("root:hunter2@db/fraud", "root:***@db/fraud");
        check("mysql://:hunter2@db", "mysql://:***@db");
        check("mysql://root:hunter2/fraud", "mysql://root:***/fraud");
        check("mysql://root:hunter2", "mysql://root:***");
        check("mysql://db:3306/fraud", "mysql://db:3306/fraud");
        check("mysql://root@db:3306/fraud", "mysql://root@db:3306/fraud");
        check(
            "mysql://db/fraud?password=hunter2&ssl=on",
            "mysql://db/fraud?password=***&ssl=on",
        );
        check(
            "http://hook:8080/x?access_token=hunter2",
            "http://hook:8080/x?access_token=***",
        );
        check(
            "localhost:9091,localhost:9092",
            "localhost:9091,localhost:9092",
        );
    }

    #[test]
    fn a_name_that_says_secret_hides_its_value_and_a_path_to_one_is_shown() {
        assert_eq!(
            shown("KAFKA_PROPERTY_SSL_KEY_PASSWORD", "hunter2", false),
            "***"
        );
        assert_eq!(
            shown("KAFKA_PROPERTY_SSL_KEY_LOCATION", "/a/b.pem", false),
            "\"/a/b.pem\""
        );
        assert_eq!(
            shown("KAFKA_SASL_PASSWORD_FILE", "/run/secret", false),
            "\"/run/secret\""
        );
        assert_eq!(shown("ALERT_WEBHOOK_URL", "https://hook", true), "***");
    }

    #[test]
    fn a_long_value_is_cut_and_control_characters_are_escaped() {
        let long = format!("a\n{}", "b".repeat(LONGEST));
        let expected = format!("\"a\\n{}\" and 2 more characters", "b".repeat(LONGEST - 2));
        assert_eq!(shown("DETECTOR_RULES", &long, false), expected);
    }
}
