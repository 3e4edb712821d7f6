//! `legit-processor`: stores legitimate payments.

use std::process::ExitCode;

use legit_processor::{Config, run};
use service::Program;

fn main() -> ExitCode {
    let program = Program {
        name: env!("CARGO_PKG_NAME"),
        version: env!("CARGO_PKG_VERSION"),
        about: "stores legitimate payments, each exactly once, and names those that nobody here can process",
        variables: Config::ROOMS,
    };
    program.start(Config::read, run)
}
