//! The command line: from arguments and variables to an exit code.

mod audit;
#[cfg(feature = "demo")]
mod demo;

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};
use service::causes;
use service::healthcheck::{self, Check};
use tokio::runtime::{Builder, Runtime};
use tracing::error;

use crate::audit::books::Names;
use crate::audit::{Balance, report};

const NAME: &str = env!("CARGO_PKG_NAME");
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The books do not balance.
const UNBALANCED: u8 = 1;
/// It could not be told whether they do.
const COULD_NOT_TELL: u8 = 2;
/// The configuration cannot be used, or the command line cannot be read (`EX_USAGE`), as with the services.
const BAD_CONFIGURATION: u8 = 64;

/// Real-time payment fraud on Apache Kafka.
#[derive(Debug, Parser)]
#[command(name = NAME, version, args_conflicts_with_subcommands = true)]
#[cfg_attr(
    not(feature = "demo"),
    command(subcommand_required = true, arg_required_else_help = true)
)]
struct Arguments {
    #[command(subcommand)]
    verb: Option<Verb>,
    /// What plain `fraudstream` does: the demo.
    #[cfg(feature = "demo")]
    #[command(flatten)]
    demo: crate::demo::Options,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Show everything on this machine: embedded Kafka, SQLite, four services, a live page. The default
    #[cfg(feature = "demo")]
    Demo(crate::demo::Options),
    /// Check that the books balance: reads topics and tables, changes nothing
    Audit(audit::Arguments),
    /// Check a running `audit --follow` or demo at ADMIN_ADDR; exit code 0 or 1
    Healthcheck {
        /// What to ask
        #[arg(value_enum, default_value_t = Question::Ready)]
        question: Question,
    },
}

/// What a probe asks.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Question {
    /// Is it ready?
    Ready,
    /// Is it alive?
    Live,
}

/// Any error that ends the program.
type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// Does what the arguments say.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let parsed = command()
        .try_get_matches_from(arguments)
        .and_then(|matches| Arguments::from_arg_matches(&matches));
    let arguments = match parsed {
        Ok(arguments) => arguments,
        Err(answer) => {
            // A terminal that is gone has nobody to tell.
            let _ = answer.print();
            return if answer.use_stderr() {
                BAD_CONFIGURATION.into()
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    match arguments.verb {
        Some(Verb::Audit(arguments)) => audit::run(&arguments),
        Some(Verb::Healthcheck { question }) => healthcheck::run(NAME, question.check()),
        #[cfg(feature = "demo")]
        Some(Verb::Demo(options)) => demo::run(options),
        #[cfg(feature = "demo")]
        None => demo::run(arguments.demo),
        #[cfg(not(feature = "demo"))]
        None => complain(BAD_CONFIGURATION, "name a command; --help lists them"),
    }
}

impl Question {
    fn check(self) -> Check {
        match self {
            Self::Ready => Check::Ready,
            Self::Live => Check::Live,
        }
    }
}

/// The derived command, with the variables that the audit reads.
fn command() -> clap::Command {
    Arguments::command().mut_subcommand("audit", |verb| verb.after_help(audit::help()))
}

/// What everything here runs on.
fn runtime() -> Result<Runtime, ExitCode> {
    let built = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    built.map_err(|error| complain(COULD_NOT_TELL, &causes(&error)))
}

/// Prints the books, and answers whether they balance.
fn tell(balance: &Balance, names: &Names, json: bool) -> ExitCode {
    let text = match json {
        true => match report::json(&balance.totals) {
            Ok(line) => line,
            Err(error) => return complain(COULD_NOT_TELL, &causes(&error)),
        },
        false => report::text(balance, names),
    };
    if json {
        // Programs read the line; what it means is for whoever reads the log.
        for finding in &balance.findings {
            let what = finding.what.sentence();
            error!(
                count = finding.count,
                examples = finding.examples.join("; "),
                "{what}"
            );
        }
    }
    if let Err(error) = io::stdout().write_all(text.as_bytes()) {
        return complain(
            COULD_NOT_TELL,
            &format!("could not print the report: {error}"),
        );
    }
    if balance.is_even() {
        ExitCode::SUCCESS
    } else {
        UNBALANCED.into()
    }
}

/// Says on stderr what is wrong. A stderr that is gone is no reason to panic.
fn complain(code: u8, sentence: &str) -> ExitCode {
    let _ = writeln!(io::stderr(), "{NAME}: {sentence}");
    code.into()
}
