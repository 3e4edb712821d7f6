//! `fraudstream demo`: everything on this machine, and the books at its end.

use std::process::ExitCode;

use service::causes;
use service::logs::{self, LogFormat, LogLevel};
use settings::{Environment, FromText as _, Reading};

use super::{BAD_CONFIGURATION, COULD_NOT_TELL, complain, runtime, tell};
use crate::demo;

/// Gives the demo, and prints its books.
pub fn run(options: demo::Options) -> ExitCode {
    let environment = Environment::from_process();
    let mut reading = Reading::new(&environment);
    let own = service::Config::read(&mut reading);
    let own = match reading.finish(own, &[service::VARIABLES], &[]) {
        Ok((own, _)) => own,
        Err(problems) => return complain(BAD_CONFIGURATION, &problems.to_string()),
    };
    // The page tells what goes on; a terminal full of lines would hide where it is.
    let level = if environment.get("LOG_LEVEL").is_some() {
        Some(own.log_level)
    } else {
        LogLevel::from_text("warn")
    };
    let format = own.log_format.unwrap_or_else(LogFormat::for_stderr);
    if let Err(error) = level.map_or(Ok(()), |level| logs::init(format, level)) {
        return complain(COULD_NOT_TELL, &causes(&error));
    }
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(refused) => return refused,
    };
    let json = options.json;
    let outcome = runtime.block_on(demo::run(options));
    runtime.shutdown_background();
    match outcome {
        Ok((balance, names)) => tell(&balance, &names, json),
        Err(error) => complain(COULD_NOT_TELL, &causes(&error)),
    }
}
