//! The command line: from arguments and variables to an exit code.

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};
use prometheus::Registry;
use service::healthcheck::{self, Check};
use service::logs::{self, LogFormat, LogLevel};
use service::{Process, Signals, admin, causes, drain, metrics};
use settings::{Environment, FromText as _, Problems, Reading, Variable, prefixes, table};
use tokio::runtime::{Builder, Runtime};
use tracing::{error, info, warn};

use crate::audit::books::Names;
use crate::audit::{self, Balance, report};
use crate::demo;

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
struct Arguments {
    #[command(subcommand)]
    verb: Option<Verb>,
    /// What plain `fraudstream` does: the demo.
    #[command(flatten)]
    demo: demo::Options,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Shows everything on this machine: embedded Kafka, SQLite, four services, a live page. The default
    Demo(demo::Options),
    /// Do the books balance? Reads topics and tables, and changes nothing
    Audit(AuditArguments),
    /// Asks the running `audit --follow` or demo how it is, at ADMIN_ADDR; exit code 0 or 1
    Healthcheck {
        /// What to ask
        #[arg(value_enum, default_value_t = Question::Ready)]
        question: Question,
    },
}

/// What a probe asks.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Question {
    /// Does it do its work?
    Ready,
    /// Does it turn at all?
    Live,
}

#[derive(Debug, Args)]
struct AuditArguments {
    /// Print one line of JSON in place of the report
    #[arg(long)]
    json: bool,
    /// Do it again and again, and serve the numbers as gauges
    #[arg(long, conflicts_with_all = ["json", "examples"])]
    follow: bool,
    /// Payments that are named for each finding
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    examples: usize,
}

/// Any error that ends the program.
type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// Does what the arguments say.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let parsed = command()
        .try_get_matches_from(arguments)
        .and_then(|matches| Arguments::from_arg_matches(&matches));
    match parsed {
        Ok(Arguments {
            verb: Some(Verb::Audit(arguments)),
            ..
        }) => audit(&arguments),
        Ok(Arguments {
            verb: Some(Verb::Healthcheck { question }),
            ..
        }) => healthcheck::run(
            NAME,
            match question {
                Question::Ready => Check::Ready,
                Question::Live => Check::Live,
            },
        ),
        Ok(
            Arguments {
                verb: Some(Verb::Demo(options)),
                ..
            }
            | Arguments {
                verb: None,
                demo: options,
            },
        ) => show(options),
        Err(answer) => {
            // A terminal that is gone has nobody to tell.
            let _ = answer.print();
            if answer.use_stderr() {
                BAD_CONFIGURATION.into()
            } else {
                ExitCode::SUCCESS
            }
        }
    }
}

/// The derived command, with the variables that each verb reads.
fn command() -> clap::Command {
    let rooms = rooms();
    let help = format!(
        "Exit codes: 0 the books balance, 1 they do not, 2 could not tell, 64 bad configuration\n\nVariables:\n{}",
        table(&rooms)
    );
    Arguments::command().mut_subcommand("audit", |audit| audit.after_help(help))
}

fn rooms() -> Vec<&'static [Variable]> {
    let mut rooms = audit::Config::ROOMS.to_vec();
    rooms.push(service::VARIABLES);
    rooms
}

fn audit(arguments: &AuditArguments) -> ExitCode {
    let (own, config) = match configure(&Environment::from_process()) {
        Ok(configured) => configured,
        Err(refused) => return refused,
    };
    let runtime = match Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return complain(COULD_NOT_TELL, &causes(&error)),
    };
    let code = if arguments.follow {
        follow(&runtime, own, config)
    } else {
        once(&runtime, config, arguments)
    };
    // A thread of the client library that blocks must not keep the process.
    runtime.shutdown_background();
    code
}

/// Reads every variable and begins to log.
fn configure(environment: &Environment) -> Result<(service::Config, audit::Config), ExitCode> {
    let read = || -> Result<_, Problems> {
        let mut reading = Reading::new(environment);
        let config = audit::Config::read(&mut reading);
        let own = service::Config::read(&mut reading);
        let rooms = rooms();
        reading.finish(own.zip(config), &rooms, &prefixes(&rooms))
    };
    let ((own, config), warnings) =
        read().map_err(|problems| complain(BAD_CONFIGURATION, &problems.to_string()))?;
    let format = own.log_format.unwrap_or_else(LogFormat::for_stderr);
    logs::init(format, own.log_level.clone())
        .map_err(|error| complain(COULD_NOT_TELL, &causes(&error)))?;
    for warning in warnings {
        warn!("{warning}");
    }
    Ok((own, config))
}

fn once(runtime: &Runtime, config: audit::Config, arguments: &AuditArguments) -> ExitCode {
    let names = config.names.clone();
    let outcome = runtime.block_on(async {
        let stop = tokio_util::sync::CancellationToken::new();
        let mut signals = Signals::listen()?;
        let audit = audit::audit(config, arguments.examples, stop.clone());
        tokio::pin!(audit);
        let outcome = tokio::select! {
            outcome = &mut audit => outcome,
            signal = signals.next() => {
                warn!(signal, "stopping");
                stop.cancel();
                audit.await
            }
        };
        Ok::<Balance, AnyError>(outcome?)
    });
    let balance = match outcome {
        Ok(balance) => balance,
        Err(error) => {
            return complain(
                COULD_NOT_TELL,
                &format!("could not tell: {}", causes(&*error)),
            );
        }
    };
    tell(&balance, &names, arguments.json)
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

/// Gives the demo, and prints its books.
fn show(options: demo::Options) -> ExitCode {
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
    let runtime = match Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return complain(COULD_NOT_TELL, &causes(&error)),
    };
    let json = options.json;
    let outcome = runtime.block_on(demo::run(options));
    runtime.shutdown_background();
    match outcome {
        Ok((balance, names)) => tell(&balance, &names, json),
        Err(error) => complain(COULD_NOT_TELL, &causes(&error)),
    }
}

fn follow(runtime: &Runtime, own: service::Config, config: audit::Config) -> ExitCode {
    let outcome: Result<(), AnyError> = runtime.block_on(async {
        let mut signals = Signals::listen()?;
        let process = Process::new(Registry::new())?;
        metrics::register(&process.registry, NAME, VERSION)?;
        let admin = admin::serve(own.admin_addr, process.clone()).await?;
        info!(service = NAME, version = VERSION, admin_addr = %admin.address(), "following the books");
        let work = audit::follow(config, process.clone());
        let outcome = drain::supervise(work, &process.shutdown, &mut signals, own.shutdown_deadline).await?;
        process.shutdown.cancel();
        admin.stop().await;
        Ok(outcome?)
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(COULD_NOT_TELL, &causes(&*error)),
    }
}

/// Says on stderr what is wrong. A stderr that is gone is no reason to panic.
fn complain(code: u8, sentence: &str) -> ExitCode {
    let _ = writeln!(io::stderr(), "{NAME}: {sentence}");
    code.into()
}
