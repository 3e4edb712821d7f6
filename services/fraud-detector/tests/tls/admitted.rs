//! Who has the right password and knows the authority gets in, and does its work.

use service::testing::Ended;

use crate::broker::{Broker, SASL, SASL_OVER_TLS, TLS, USER};
use crate::detector::Detector;
use crate::stream::Stream;

/// The variables of a user with the right password. The authority goes along where the protocol encrypts.
pub fn user(broker: &Broker, protocol: &str, mechanism: &str) -> Vec<(&'static str, String)> {
    let servers = match protocol {
        "sasl_ssl" => SASL_OVER_TLS,
        _ => SASL,
    };
    let mut variables = vec![
        ("KAFKA_BOOTSTRAP_SERVERS", servers.to_owned()),
        ("KAFKA_SECURITY_PROTOCOL", protocol.to_owned()),
        ("KAFKA_SASL_MECHANISM", mechanism.to_owned()),
        ("KAFKA_SASL_USERNAME", USER.to_owned()),
        ("KAFKA_SASL_PASSWORD", broker.password()),
    ];
    if protocol == "sasl_ssl" {
        variables.push(("KAFKA_SSL_CA_FILE", broker.authority()));
    }
    variables
}

/// A detector that is told so becomes ready and decides a payment that came the same way.
fn decides(broker: &Broker, variables: Vec<(&'static str, String)>) -> Ended {
    let stream = Stream::new(variables);
    let detector = Detector::ready(&stream, &[&broker.password()]);
    stream.decides(1);
    detector.keeps_its_secrets();
    detector.stop()
}

/// Only a password that anybody on the way could read is worth a warning.
fn user_decides(protocol: &str, mechanism: &str) {
    let broker = Broker::shared();
    let variables = user(&broker, protocol, mechanism);
    let ended = decides(&broker, variables);
    let warned = !ended
        .lines("the password travels to the brokers as it is")
        .is_empty();
    assert_eq!(warned, (protocol, mechanism) == ("sasl_plaintext", "PLAIN"));
}

#[test]
fn scram_sha_512_over_tls_decides() {
    user_decides("sasl_ssl", "SCRAM-SHA-512");
}

#[test]
fn scram_sha_256_over_tls_decides() {
    user_decides("sasl_ssl", "SCRAM-SHA-256");
}

#[test]
fn plain_over_tls_decides() {
    user_decides("sasl_ssl", "PLAIN");
}

#[test]
fn scram_sha_512_in_the_clear_decides() {
    user_decides("sasl_plaintext", "SCRAM-SHA-512");
}

#[test]
fn scram_sha_256_in_the_clear_decides() {
    user_decides("sasl_plaintext", "SCRAM-SHA-256");
}

#[test]
fn plain_in_the_clear_decides() {
    user_decides("sasl_plaintext", "PLAIN");
}

#[test]
fn tls_without_a_user_decides() {
    let broker = Broker::shared();
    let variables = vec![
        ("KAFKA_BOOTSTRAP_SERVERS", TLS.to_owned()),
        ("KAFKA_SECURITY_PROTOCOL", "ssl".to_owned()),
        ("KAFKA_SSL_CA_FILE", broker.authority()),
    ];
    decides(&broker, variables);
}

#[test]
fn the_password_may_come_from_a_file() {
    let broker = Broker::shared();
    let mut variables = user(&broker, "sasl_ssl", "SCRAM-SHA-512");
    for (name, value) in &mut variables {
        if *name == "KAFKA_SASL_PASSWORD" {
            (*name, *value) = ("KAFKA_SASL_PASSWORD_FILE", broker.password_file());
        }
    }
    decides(&broker, variables);
}

#[test]
fn without_a_ca_file_the_systems_authorities_count() {
    let broker = Broker::shared();
    let stream = Stream::new([
        ("KAFKA_BOOTSTRAP_SERVERS", TLS.to_owned()),
        ("KAFKA_SECURITY_PROTOCOL", "ssl".to_owned()),
    ]);
    // Where OpenSSL takes the system's authorities from, for this one process.
    let system = [("SSL_CERT_FILE", broker.authority())];
    let system = system
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let detector = Detector::start(&stream, &system, &[]);
    detector.wait_for(200, "joined, 1 partitions");
    detector.stop();
}
