//! What turns wrong while the detector runs is waited out.

use std::time::{Duration, Instant};

use service::testing::until;

use crate::admitted::user;
use crate::broker::{Broker, TURNCOAT};
use crate::detector::Detector;
use crate::stream::Stream;

#[test]
fn a_password_that_turns_wrong_is_waited_out_and_work_goes_on_when_it_is_right_again() {
    let broker = Broker::sole();
    let mut variables = user(&broker, "sasl_ssl", "SCRAM-SHA-512");
    variables.push(("KAFKA_SASL_USERNAME", TURNCOAT.to_owned()));
    let stream = Stream::new(variables);
    let password = broker.password();
    let mut detector = Detector::ready(&stream, &[&password]);
    stream.decides(1);

    broker.set_password(TURNCOAT, "another");
    broker.stop();
    detector.wait_for(503, "no broker can be reached");
    broker.start();
    detector.wait_for(503, "the broker refused us");
    detector.wait_for(503, "Authentication failed");
    detector.is_alive();
    asks_with_patience(&broker);

    broker.set_password(TURNCOAT, &password);
    detector.wait_for(200, "joined, 1 partitions");
    stream.decides(2);
    detector.stop();
}

#[test]
fn a_broker_that_is_started_last_is_waited_for() {
    let broker = Broker::sole();
    broker.stop();
    let stream = Stream::new(user(&broker, "sasl_ssl", "SCRAM-SHA-512"));
    let mut detector = Detector::start(&stream, &[], &[&broker.password()]);
    detector.wait_for(503, "no broker can be reached");
    detector.is_alive();
    broker.start();
    detector.wait_for(200, "joined, 1 partitions");
    stream.decides(1);
    detector.stop();
}

/// Counted by the broker that turns it away: four connections (group, consumer, producer and its coordinator) that each
/// ask again after up to two seconds.
fn asks_with_patience(broker: &Broker) {
    const TIMES: usize = 12;
    let (begin, before) = (Instant::now(), broker.refusals());
    until(|| match broker.refusals() - before {
        TIMES.. => Ok(()),
        fewer => Err(format!("turned away {fewer} times more, not {TIMES}")),
    });
    let after = begin.elapsed();
    assert!(
        after > Duration::from_secs(3),
        "{TIMES} times within {after:?}"
    );
}
