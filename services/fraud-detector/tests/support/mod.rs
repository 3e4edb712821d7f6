//! What the detector's tests share. Two test programs do, and neither uses all of it.

#![allow(dead_code)]

pub mod bench;
pub mod books;
pub mod load;
pub mod payments;

use fraud_detector::{Config, Error, run};
use service::testing::{Child, Observed as _, Running};

use self::bench::Bench;

/// The detector in this process.
pub type Detector = Running<Error>;

/// The metric of payments that were decided as legitimate.
pub const DECIDED: &str = "decisions_total{verdict=\"legit\"}";

/// Starts a detector.
pub fn start(config: Config) -> Detector {
    Detector::start(|process| run(config, process))
}

/// Starts one and waits until it is at work.
pub fn ready(config: Config) -> Detector {
    let detector = start(config);
    detector.wait_for("kafka: ok, joined");
    detector
}

/// Starts the program with these variables and no others.
pub fn program(variables: &[(&str, &str)]) -> Child {
    Child::start(env!("CARGO_BIN_EXE_fraud-detector"), &[], variables)
}

/// Starts the program on a bench under this instance name.
pub fn child(bench: &Bench, instance: &str) -> Child {
    let variables = bench.variables(instance);
    Child::start(env!("CARGO_BIN_EXE_fraud-detector"), &[], &variables)
}

/// One that always has a transaction open on the brokers while there is something to do: it commits seldom, and does not wait for
/// that with sending.
pub fn slow(bench: &Bench, instance: &str) -> Child {
    let mut variables = bench.variables(instance);
    variables.extend([
        ("DETECTOR_COMMIT_INTERVAL_MS", "400".to_owned()),
        ("KAFKA_PROPERTY_LINGER_MS", "1".to_owned()),
    ]);
    Child::start(env!("CARGO_BIN_EXE_fraud-detector"), &[], &variables)
}
