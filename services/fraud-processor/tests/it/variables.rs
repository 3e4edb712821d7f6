//! The command line and the variables of the real program.

use service::testing::Observed as _;

use crate::support::program;

#[test]
fn every_bad_variable_is_named_at_once_and_no_secret_is_told() {
    let variables = [
        ("DATABASE_URL", "mysql://app:hunter2@db"),
        ("ALERT_WEBHOOK_URL", "hunter3"),
        ("KAFKA_BOOTSTRAP_SERVERS", "nowhere"),
        ("SINK_BATCH_RECORDS", "0"),
        ("TOPIC_FRAUD", "no such/name"),
    ];
    let ended = program(&[], &variables).end();
    let told = ended.log.join("\n");
    assert_eq!(ended.code, Some(64), "{told}");
    for (name, _) in variables {
        assert!(told.contains(name), "{name} in {told}");
    }
    assert!(!told.contains("hunter"), "{told}");
}

#[test]
fn help_names_its_own_variables_and_a_running_one_is_asked_by_its_healthcheck() {
    let help = program(&["--help"], &[]).end();
    assert_eq!(help.code, Some(0));
    for name in ["fraud-processor", "TOPIC_FRAUD", "ALERT_WEBHOOK_URL"] {
        assert!(help.output.contains(name), "{name} in {}", help.output);
    }
    let nowhere = [
        ("DATABASE_URL", "mysql://app@127.0.0.1:1/d"),
        ("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1"),
    ];
    let child = program(&[], &nowhere);
    child.wait_for("database: failed");
    let address = child.address();
    for (what, code) in [("ready", 1), ("live", 0)] {
        let asked = program(&["healthcheck", what], &[("ADMIN_ADDR", &address)]).end();
        assert_eq!(asked.code, Some(code), "{asked:?}");
    }
    child.stop();
}
