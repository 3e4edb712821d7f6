//! `fraud-detector`: judges every payment once and sends it where it belongs.

use std::process::ExitCode;

use fraud_detector::{Config, run};
use service::Program;

fn main() -> ExitCode {
    let program = Program {
        name: env!("CARGO_PKG_NAME"),
        version: env!("CARGO_PKG_VERSION"),
        about: "judges every payment by the rules and sends it, untouched, to the topic of its verdict",
        variables: Config::ROOMS,
    };
    program.start(Config::read, run)
}
