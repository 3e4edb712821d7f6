//! The command line and the variables of the real program.

use service::testing::Observed as _;

use crate::support::program;

#[test]
fn every_bad_variable_is_named_at_once_and_no_secret_is_told() {
    let child = program(
        &[],
        &[
            ("DATABASE_URL", "mysql://app:hunter2@db"),
            ("DATABASE_PASSWORD", "hunter3"),
            ("KAFKA_BOOTSTRAP_SERVERS", "nowhere"),
            ("KAFKA_SECURITY_PROTOCOL", "sasl_plaintext"),
            ("KAFKA_SASL_MECHANISM", "plain"),
            ("KAFKA_SASL_PASSWORD", "hunter4"),
            ("KAFKA_PROPERTY_AUTO_OFFSET_RESET", "latest"),
            ("SINK_BATCH_RECORDS", "0"),
            ("SINK_BATCH_INTERVAL_MS", "soon"),
            ("TOPIC_LEGIT", "no such/name"),
            ("TOPIC_PARTITIONS", "-1"),
            ("ADMIN_ADDR", "8080"),
        ],
    );
    let ended = child.end();
    let told = ended.log.join("\n");
    assert_eq!(ended.code, Some(64), "{told}");
    for name in [
        "DATABASE_URL",
        "DATABASE_PASSWORD",
        "KAFKA_BOOTSTRAP_SERVERS",
        "KAFKA_SASL_USERNAME",
        "KAFKA_PROPERTY_AUTO_OFFSET_RESET",
        "SINK_BATCH_RECORDS",
        "SINK_BATCH_INTERVAL_MS",
        "TOPIC_LEGIT",
        "TOPIC_PARTITIONS",
        "ADMIN_ADDR",
    ] {
        assert!(told.contains(name), "{name} in {told}");
    }
    assert!(!told.contains("hunter"), "{told}");
}

#[test]
fn a_database_has_to_be_named() {
    let ended = program(&[], &[]).end();
    assert_eq!(ended.code, Some(64), "{ended:?}");
    assert!(ended.log.join("\n").contains("DATABASE_URL"), "{ended:?}");
}

#[test]
fn an_unknown_variable_is_a_warning_with_the_nearest_name_and_no_more() {
    let child = program(
        &[],
        &[
            ("DATABASE_URL", "mysql://u@127.0.0.1:1/d"),
            ("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1"),
            ("SINK_BATCH_RECORD", "5"),
        ],
    );
    let line = child.wait_for_log("SINK_BATCH_RECORD");
    assert!(
        line.contains("SINK_BATCH_RECORDS") && line.contains("WARN"),
        "{line}"
    );
    assert!(child.is_alive());
    child.stop();
}

#[test]
fn help_names_every_variable_and_an_argument_that_means_nothing_is_refused() {
    let help = program(&["--help"], &[]).end();
    assert_eq!(help.code, Some(0));
    for name in [
        "DATABASE_URL",
        "SINK_BATCH_RECORDS",
        "KAFKA_GROUP_ID",
        "TOPIC_LEGIT",
        "ADMIN_ADDR",
        "healthcheck",
    ] {
        assert!(help.output.contains(name), "{name} in {}", help.output);
    }
    assert!(help.output.contains("legit-processor"), "{}", help.output);
    let version = program(&["--version"], &[]).end();
    assert!(
        version.output.starts_with("legit-processor "),
        "{version:?}"
    );
    let other = program(&["--hepl"], &[]).end();
    assert_eq!(other.code, Some(64), "{other:?}");
}
