//! `fraudstream`: see what came in and what became of it.

use std::process::ExitCode;

fn main() -> ExitCode {
    fraudstream::main(std::env::args_os())
}
