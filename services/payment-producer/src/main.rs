//! `payment-producer`: makes payments at a steady rate.

use std::process::ExitCode;

use payment_producer::{Config, run};
use service::Program;

fn main() -> ExitCode {
    let program = Program {
        name: env!("CARGO_PKG_NAME"),
        version: env!("CARGO_PKG_VERSION"),
        about: "makes payments at a steady rate, the same ones again for the same seed and start time",
        variables: Config::ROOMS,
    };
    program.start(Config::read, run)
}
