//! Bad variables end the real program before it tries any connection.

use service::testing::Observed as _;

use crate::support::program;

#[test]
fn every_bad_variable_is_named_at_once_and_no_secret_is_told() {
    let child = program(&[
        ("KAFKA_BOOTSTRAP_SERVERS", "nowhere"),
        ("KAFKA_SECURITY_PROTOCOL", "sasl_plaintext"),
        ("KAFKA_SASL_MECHANISM", "plain"),
        ("KAFKA_SASL_PASSWORD", "hunter2"),
        ("KAFKA_PROPERTY_TRANSACTIONAL_ID", "mine"),
        ("DETECTOR_WORKERS", "none"),
        ("DETECTOR_DEAD_LETTER_LIMIT", "-1"),
        ("TOPIC_DLQ", "no such/name"),
    ]);
    let ended = child.end();
    let told = ended.log.join("\n");
    assert_eq!(ended.code, Some(64), "{told}");
    for name in [
        "KAFKA_BOOTSTRAP_SERVERS",
        "KAFKA_SASL_USERNAME",
        "KAFKA_PROPERTY_TRANSACTIONAL_ID",
        "DETECTOR_WORKERS",
        "DETECTOR_DEAD_LETTER_LIMIT",
        "TOPIC_DLQ",
    ] {
        assert!(told.contains(name), "{name} in {told}");
    }
    assert!(!told.contains("hunter2"), "{told}");
}

#[test]
fn an_unknown_variable_is_a_warning_with_the_nearest_name_and_no_more() {
    let child = program(&[
        ("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1"),
        ("DETECTOR_INSTANSE", "one"),
    ]);
    let line = child.wait_for_log("DETECTOR_INSTANSE");
    assert!(
        line.contains("DETECTOR_INSTANCE") && line.contains("WARN"),
        "{line}"
    );
    assert!(child.get("/readyz").0.starts_with("HTTP/1.1 503"));
    assert!(child.is_alive());
    child.stop();
}
