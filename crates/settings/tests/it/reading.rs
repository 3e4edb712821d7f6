//! What a room gets for what the environment holds.

use std::path::PathBuf;

use settings::{Environment, Fallback, FromText, Problems, Reading, Secret, Variable};

use crate::{BATCH, CA, PASSWORD, Room, URL, VARIABLES, lines};

#[derive(Debug)]
struct Config {
    url: String,
    password: Option<Secret>,
    batch_rows: u32,
    ca: Option<PathBuf>,
}

impl Config {
    fn read(reading: &mut Reading) -> Option<Self> {
        let room: Room = reading.room("DATABASE_");
        let url = reading.parse(&URL, room.url);
        let password = reading.secret(&PASSWORD, room.password, room.password_file);
        let batch_rows = reading.within(&BATCH, room.batch_rows, 1..=10_000);
        let ca = reading.optional(&CA, room.ssl_ca_file);
        Some(Self {
            url: url?,
            password: password?,
            batch_rows: batch_rows?,
            ca: ca?,
        })
    }
}

fn read(variables: &[(&str, &str)]) -> Result<(Config, Vec<String>), Problems> {
    let environment: Environment = variables.iter().copied().collect();
    let mut reading = Reading::new(&environment);
    let config = Config::read(&mut reading);
    reading.finish(config, &[VARIABLES], &["DATABASE_"])
}

fn refused(variables: &[(&str, &str)]) -> Vec<String> {
    lines(&read(variables).expect_err("a problem"))
}

#[test]
fn fallbacks_stand_in_for_what_is_unset_or_empty() {
    for empty in ["", "  "] {
        let variables = [
            ("DATABASE_URL", "sqlite:x"),
            ("DATABASE_PASSWORD", empty),
            ("DATABASE_BATCH_ROWS", empty),
            ("DATABASE_SSL_CA_FILE", empty),
        ];
        for variables in [&variables[..1], &variables] {
            let (config, warnings) = read(variables).expect("a configuration");
            assert_eq!(config.url, "sqlite:x");
            assert_eq!(config.password, None);
            assert_eq!(config.batch_rows, 1000);
            assert_eq!(config.ca, None);
            assert_eq!(warnings, Vec::<String>::new());
        }
    }
}

#[test]
fn values_become_types() {
    let (config, _) = read(&[
        ("DATABASE_URL", "mysql://db"),
        ("DATABASE_PASSWORD", "hunter2"),
        ("DATABASE_BATCH_ROWS", "10000"),
        ("DATABASE_SSL_CA_FILE", "/ca.pem"),
    ])
    .expect("a configuration");
    assert_eq!(config.password.expect("a password").expose(), "hunter2");
    assert_eq!(config.batch_rows, 10_000);
    assert_eq!(config.ca, Some(PathBuf::from("/ca.pem")));
}

#[test]
fn a_required_variable_must_be_there_and_hold_something() {
    assert_eq!(
        refused(&[]),
        ["DATABASE_URL is not set: expected non-empty text"]
    );
    assert_eq!(
        refused(&[("DATABASE_URL", "")]),
        ["DATABASE_URL is empty: expected non-empty text"]
    );
}

#[test]
fn all_problems_are_named_at_once() {
    let problems = refused(&[
        ("DATABASE_BATCH_ROWS", "10001"),
        ("DATABASE_PASSWORD", "hunter2"),
        ("DATABASE_PASSWORD_FILE", "/run/secret"),
    ]);
    let expected = [
        "DATABASE_URL is not set: expected non-empty text",
        "DATABASE_PASSWORD_FILE=\"/run/secret\": expected one of DATABASE_PASSWORD and DATABASE_PASSWORD_FILE, not both",
        "DATABASE_BATCH_ROWS=\"10001\": expected a whole number from 1 to 10000",
    ];
    assert_eq!(problems, expected);
}

#[test]
fn an_unknown_variable_is_a_warning_and_no_problem() {
    let (_, warnings) =
        read(&[("DATABASE_URL", "sqlite:x"), ("DATABASE_URI", "y")]).expect("a configuration");
    assert_eq!(
        warnings,
        ["unknown variable DATABASE_URI is ignored, the nearest name is DATABASE_URL"]
    );
}

#[test]
fn names_in_lower_case_never_disturb_the_room() {
    let (config, warnings) = read(&[
        ("DATABASE_URL", "sqlite:x"),
        ("DATABASE_url", "y"),
        ("database_url", "z"),
    ])
    .expect("a configuration");
    assert_eq!(config.url, "sqlite:x");
    assert_eq!(warnings.len(), 2, "{warnings:?}");
}

#[test]
fn a_secret_is_never_shown_whether_the_variable_or_the_type_says_so() {
    #[derive(Debug)]
    struct Pin;
    impl FromText for Pin {
        const EXPECTED: &'static str = "four digits";
        const SECRET: bool = true;
        fn from_text(_: &str) -> Option<Self> {
            None
        }
    }
    let plain = Variable::new("DOOR_PIN", "digits", Fallback::Required, "opens the door");
    let environment = Environment::default();
    let mut reading = Reading::new(&environment);
    assert!(
        reading
            .parse::<Pin>(&plain, Some("12345".to_owned()))
            .is_none()
    );
    reading.refuse(&PASSWORD, "hunter2", "no password without TLS");
    reading.refuse(&URL, "mysql://root:hunter2@db", "a URL without a password");
    reading.refuse_named(
        "KAFKA_PROPERTY_SASL_PASSWORD",
        "hunter2",
        "KAFKA_SASL_PASSWORD in its place",
    );
    let problems = reading
        .finish(None::<()>, &[VARIABLES], &[])
        .expect_err("problems");
    let expected = [
        "DOOR_PIN=***: expected four digits",
        "DATABASE_PASSWORD=***: expected no password without TLS",
        "DATABASE_URL=\"mysql://root:***@db\": expected a URL without a password",
        "KAFKA_PROPERTY_SASL_PASSWORD=***: expected KAFKA_SASL_PASSWORD in its place",
    ];
    assert_eq!(lines(&problems), expected);
}

#[test]
fn a_problem_refuses_the_configuration_even_when_there_is_a_value() {
    let environment = Environment::default();
    let mut reading = Reading::new(&environment);
    reading.refuse(&BATCH, "7", "an even number");
    assert!(reading.finish(Some(()), &[VARIABLES], &[]).is_err());
}

#[test]
fn giving_up_without_a_problem_is_still_an_error() {
    let environment = Environment::default();
    let problems = Reading::new(&environment)
        .finish(None::<()>, &[], &[])
        .expect_err("a problem");
    assert_eq!(problems.iter().count(), 1);
}

#[test]
fn an_open_set_gives_what_comes_after_its_prefix() {
    let environment = Environment::from_iter([
        ("KAFKA_PROPERTY_LINGER_MS", "5"),
        ("KAFKA_PROPERTY_DEBUG", ""),
        ("KAFKA_PROPERTY_", "x"),
        ("KAFKA_GROUP_ID", "g"),
    ]);
    let properties = Variable::new(
        "KAFKA_PROPERTY_*",
        "text",
        Fallback::Unset,
        "any librdkafka property",
    );
    let mut reading = Reading::new(&environment);
    let set: Vec<_> = reading.open_set(&properties).into_iter().collect();
    assert_eq!(set, [("LINGER_MS".to_owned(), "5".to_owned())]);
    let groups = Variable::new("KAFKA_GROUP_ID", "text", Fallback::Unset, "group");
    let (_, warnings) = reading
        .finish(Some(()), &[&[properties, groups]], &["KAFKA_"])
        .expect("no problem");
    assert_eq!(warnings.len(), 1, "{warnings:?}");
}

#[test]
fn a_room_of_the_wrong_shape_is_a_problem_and_no_panic() {
    #[derive(Default, serde::Deserialize)]
    #[serde(default)]
    struct Numbers {
        rows: u32,
    }
    let environment = Environment::from_iter([("DATABASE_ROWS", "x")]);
    let mut reading = Reading::new(&environment);
    let room: Numbers = reading.room("DATABASE_");
    assert_eq!(room.rows, 0);
    assert!(reading.finish(Some(room), &[], &[]).is_err());
}
