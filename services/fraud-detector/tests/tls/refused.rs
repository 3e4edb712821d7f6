//! Who is refused, or has to refuse the broker, ends at once with one sentence.

use std::time::{Duration, Instant};

use kafka::{Limits, LogError, LogReader};
use service::testing::Ended;

use crate::admitted::user;
use crate::broker::{Broker, ELSEWHERE, EXPIRED, SASL_OVER_TLS, TLS};
use crate::detector::Detector;
use crate::stream::Stream;

/// Ends with exit code 1 in time, and says why in one line and nowhere else.
fn ends(stream: &Stream, secret: &str) -> Ended {
    // Nothing may hold a secret, not even what only developers ask for.
    let talkative = [("LOG_LEVEL", "trace"), ("KAFKA_PROPERTY_DEBUG", "all")];
    let detector = Detector::start(stream, &talkative, &[secret]);
    detector.keeps_its_secrets();
    let waiting = Instant::now();
    let ended = detector.end();
    let after = waiting.elapsed();
    assert_eq!(ended.code, Some(1), "{:#?}", ended.log);
    assert!(after < Duration::from_secs(30), "{after:?}");
    assert_eq!(ended.output, "");
    assert_eq!(ended.lines("connect to Kafka at").len(), 1);
    assert_eq!(ended.lines("\"level\":\"ERROR\"").len(), 1);
    ended
}

fn wrong_password(protocol: &str, mechanism: &str, servers: &str) {
    let broker = Broker::shared();
    let mut variables = user(&broker, protocol, mechanism);
    let secret = format!("not-{}", broker.password());
    variables.push(("KAFKA_SASL_PASSWORD", secret.clone()));
    let ended = ends(&Stream::new(variables), &secret);
    let sentence = format!("connect to Kafka at {servers} as user fraud with {mechanism}");
    let lines = ended.lines(&sentence);
    assert!(
        lines.len() == 1 && lines[0].contains("Authentication failed"),
        "{:#?}",
        ended.log
    );
}

/// `authorities` of `None` are the system's.
fn bad_certificate(servers: &str, authorities: Option<String>) {
    let mut variables = vec![
        ("KAFKA_BOOTSTRAP_SERVERS", servers.to_owned()),
        ("KAFKA_SECURITY_PROTOCOL", "ssl".to_owned()),
    ];
    variables.extend(authorities.map(|path| ("KAFKA_SSL_CA_FILE", path)));
    let ended = ends(&Stream::new(variables), "-----BEGIN");
    let sentence = format!("connect to Kafka at {servers}: the broker's certificate is refused");
    assert_eq!(ended.lines(&sentence).len(), 1, "{:#?}", ended.log);
}

#[test]
fn a_wrong_password_ends_scram_sha_512() {
    wrong_password("sasl_ssl", "SCRAM-SHA-512", SASL_OVER_TLS);
}

#[test]
fn a_wrong_password_ends_scram_sha_256() {
    wrong_password("sasl_ssl", "SCRAM-SHA-256", SASL_OVER_TLS);
}

#[test]
fn a_wrong_password_ends_plain() {
    wrong_password("sasl_ssl", "PLAIN", SASL_OVER_TLS);
}

#[test]
fn a_wrong_password_in_the_clear_ends_too() {
    wrong_password("sasl_plaintext", "SCRAM-SHA-512", crate::broker::SASL);
}

#[test]
fn a_user_whom_nobody_knows_ends() {
    let broker = Broker::shared();
    let mut variables = user(&broker, "sasl_ssl", "SCRAM-SHA-512");
    variables.push(("KAFKA_SASL_USERNAME", "nobody".to_owned()));
    let ended = ends(&Stream::new(variables), &broker.password());
    assert_eq!(ended.lines("as user nobody").len(), 1);
}

#[test]
fn whoever_reads_whole_topics_is_told_why_he_may_not() {
    let broker = Broker::shared();
    let mut variables = user(&broker, "sasl_ssl", "SCRAM-SHA-512");
    variables.push(("KAFKA_SASL_PASSWORD", "wrong".to_owned()));
    let reader = LogReader::open(&Stream::new(variables).config(), "nobody").expect("a reader");
    let limits = Limits::within(Duration::from_secs(60), Default::default());
    let outcome = reader.partitions("payments", &limits);
    assert!(
        matches!(&outcome, Err(LogError::Denied(why)) if why.contains("Authentication failed")),
        "{outcome:?}"
    );
}

#[test]
fn an_authority_that_did_not_sign_the_certificate_ends_it() {
    let broker = Broker::shared();
    bad_certificate(TLS, Some(broker.other_authority()));
}

#[test]
fn the_systems_authorities_did_not_sign_it_either() {
    let _broker = Broker::shared();
    bad_certificate(TLS, None);
}

#[test]
fn a_certificate_for_another_host_ends_it() {
    let broker = Broker::shared();
    bad_certificate(ELSEWHERE, Some(broker.authority()));
}

#[test]
fn a_certificate_out_of_date_ends_it() {
    let broker = Broker::shared();
    bad_certificate(EXPIRED, Some(broker.authority()));
}
