//! `fraud-processor`: stores fraud and raises alerts.

use std::process::ExitCode;

use fraud_processor::{Config, run};
use service::Program;

fn main() -> ExitCode {
    let program = Program {
        name: env!("CARGO_PKG_NAME"),
        version: env!("CARGO_PKG_VERSION"),
        about: "stores fraud, each payment exactly once, and raises an alert where a human must see it",
        variables: Config::ROOMS,
    };
    program.start(Config::read, run)
}
