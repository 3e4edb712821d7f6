//! `fraudstream audit`, once or again and again.

use std::process::ExitCode;

use clap::Args;
use prometheus::Registry;
use service::logs::{self, LogFormat};
use service::{Process, Signals, admin, causes, drain, metrics};
use settings::{Environment, Problems, Reading, Variable, prefixes, table};
use tokio::runtime::Runtime;
use tracing::{info, warn};

use super::{AnyError, BAD_CONFIGURATION, COULD_NOT_TELL, NAME, VERSION, complain, runtime, tell};
use crate::audit::{self, Balance};

#[derive(Debug, Args)]
pub struct Arguments {
    /// Print one line of JSON in place of the report
    #[arg(long)]
    json: bool,
    /// Repeat continuously and serve the numbers as Prometheus gauges
    #[arg(long, conflicts_with_all = ["json", "examples"])]
    follow: bool,
    /// Examples to list for each finding
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    examples: usize,
}

/// What stands below the options in `--help`.
pub fn help() -> String {
    format!(
        "Exit codes: 0 the books balance, 1 they do not, 2 could not tell, 64 bad configuration\n\nVariables:\n{}",
        table(&rooms())
    )
}

fn rooms() -> Vec<&'static [Variable]> {
    let mut rooms = audit::Config::ROOMS.to_vec();
    rooms.push(service::VARIABLES);
    rooms
}

/// Does it.
pub fn run(arguments: &Arguments) -> ExitCode {
    let (own, config) = match configure(&Environment::from_process()) {
        Ok(configured) => configured,
        Err(refused) => return refused,
    };
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(refused) => return refused,
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

fn once(runtime: &Runtime, config: audit::Config, arguments: &Arguments) -> ExitCode {
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
