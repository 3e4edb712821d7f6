//! What the legit-processor's tests share. Two test programs do, and neither uses all of it.

#![allow(dead_code)]

use legit_processor::{Config, run};
use service::clock;
use service::testing::{Child, Observed as _, Running};
use sink::testing::Bench;
use store::Table;

/// The processor in this process.
pub type Processor = Running<sink::Error>;

/// Real servers if there are any, and embedded ones if not.
pub fn bench(partitions: i32) -> Bench {
    Bench::any(Table::Legit, partitions)
}

/// What a processor on a bench is told.
pub fn config(bench: &Bench) -> sink::Config {
    bench.config(clock::now_ms)
}

/// Starts a processor.
pub fn start(config: sink::Config) -> Processor {
    Processor::start(|process| run(Config(config), process))
}

/// Starts one and waits until it is at work.
pub fn ready(config: sink::Config) -> Processor {
    let processor = start(config);
    processor.wait_for("kafka: ok, joined");
    processor
}

/// Starts the program with these variables and no others.
pub fn program(arguments: &[&str], variables: &[(&str, &str)]) -> Child {
    Child::start(env!("CARGO_BIN_EXE_legit-processor"), arguments, variables)
}

/// Starts the program on a bench, with variables that win over the bench's.
pub fn child(bench: &Bench, more: &[(&str, &str)]) -> Child {
    let mut variables = bench.variables();
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    variables.extend(more.iter().map(owned));
    Child::start(env!("CARGO_BIN_EXE_legit-processor"), &[], &variables)
}
