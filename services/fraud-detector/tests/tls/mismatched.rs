//! A port that speaks something else looks like brokers that are starting: the detector waits, and says what it may be.

use crate::admitted::user;
use crate::broker::{Broker, SASL, SASL_OVER_TLS, TLS};
use crate::detector::Detector;
use crate::stream::Stream;

fn waits(servers: &str, mut variables: Vec<(&'static str, String)>) {
    variables.push(("KAFKA_BOOTSTRAP_SERVERS", servers.to_owned()));
    let mut detector = Detector::start(&Stream::new(variables), &[], &[]);
    detector.wait_for(503, "no broker can be reached");
    detector.wait_for(503, "KAFKA_SECURITY_PROTOCOL is not what they speak");
    detector.is_alive();
    detector.stop();
}

#[test]
fn tls_on_a_port_without_it() {
    let broker = Broker::shared();
    let variables = vec![
        ("KAFKA_SECURITY_PROTOCOL", "ssl".to_owned()),
        ("KAFKA_SSL_CA_FILE", broker.authority()),
    ];
    waits(SASL, variables);
}

#[test]
fn no_tls_on_a_port_with_it() {
    let _broker = Broker::shared();
    waits(TLS, Vec::new());
}

#[test]
fn a_password_without_tls_on_a_port_with_it() {
    let broker = Broker::shared();
    waits(
        SASL_OVER_TLS,
        user(&broker, "sasl_plaintext", "SCRAM-SHA-512"),
    );
}

#[test]
fn no_password_on_a_port_that_asks_for_one() {
    let broker = Broker::shared();
    let variables = vec![
        ("KAFKA_SECURITY_PROTOCOL", "ssl".to_owned()),
        ("KAFKA_SSL_CA_FILE", broker.authority()),
    ];
    waits(SASL_OVER_TLS, variables);
}
