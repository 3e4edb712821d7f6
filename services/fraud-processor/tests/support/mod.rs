//! What the fraud-processor's tests share. Two test programs do, and neither uses all of it.

#![allow(dead_code)]

use fraud_processor::{Config, Error, run};
use service::clock;
use service::testing::{Child, Observed as _, Running};
use sink::testing::Bench;
use store::Table;

/// The processor in this process.
pub type Processor = Running<Error>;

/// Real servers if there are any, and embedded ones if not.
pub fn bench(partitions: i32) -> Bench {
    Bench::any(Table::Fraud, partitions)
}

/// Starts a processor that tells nobody of its alerts, and waits until it is at work.
pub fn ready(bench: &Bench) -> Processor {
    let config = Config {
        sink: bench.config(clock::now_ms),
        webhook: None,
    };
    let processor = Processor::start(|process| run(config, process));
    processor.wait_for("kafka: ok, joined");
    processor
}

/// Starts the program with these variables and no others.
pub fn program(arguments: &[&str], variables: &[(&str, &str)]) -> Child {
    Child::start(env!("CARGO_BIN_EXE_fraud-processor"), arguments, variables)
}

/// Starts the program on a bench.
pub fn child(bench: &Bench) -> Child {
    let variables = bench.variables();
    Child::start(env!("CARGO_BIN_EXE_fraud-processor"), &[], &variables)
}
