//! From `main` to the exit code.

mod arguments;
mod help;

use std::error::Error;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use prometheus::Registry;
use settings::{Environment, Problems, Reading, Variable, prefixes};
use tokio::runtime::{Builder, Runtime};
use tracing::{error, info, warn};

use self::arguments::Command;
use crate::config::{self, Config};
use crate::logs::{self, LogFormat};
use crate::thread::panic_message;
use crate::{Process, Signals, admin, causes, drain, healthcheck, metrics};

/// The configuration cannot be used, or the command line cannot be read (`EX_USAGE`).
pub(crate) const BAD_CONFIGURATION: u8 = 64;

/// Threads for timers, admin server and SQL. Kafka's workers bring their own.
const MAX_RUNTIME_THREADS: usize = 4;

/// Any error of a service.
type AnyError = Box<dyn Error + Send + Sync>;

/// A service as its `main` declares it.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// Name of the executable.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// What it does, in a sentence without a period.
    pub about: &'static str,
    /// The rooms it reads, in the order in which `--help` shows them. This crate's own room is
    /// added at the end where it is missing.
    pub variables: &'static [&'static [Variable]],
}

impl Program {
    /// Does what the command line says; without arguments that is: `read` the configuration, `run`
    /// the service, and drain when a signal asks for it.
    ///
    /// Exit codes: 0 when the service ended by itself or drained, 64 when configuration or command
    /// line are bad, 1 for everything else. The reason is said once, on stderr.
    pub fn start<C, F, E>(
        self,
        read: impl FnOnce(&mut Reading<'_>) -> Option<C>,
        run: impl FnOnce(C, Process) -> F,
    ) -> ExitCode
    where
        F: Future<Output = Result<(), E>>,
        E: Into<AnyError>,
    {
        match Command::parse(std::env::args_os().skip(1)) {
            Ok(Command::Run) => self.run(read, run),
            Ok(Command::Help) => answer(&help::text(&self)),
            Ok(Command::Version) => answer(&format!("{} {}\n", self.name, self.version)),
            Ok(Command::Healthcheck(check)) => healthcheck::run(self.name, check),
            Err(argument) => {
                let sentence = format!("unknown argument {argument:?}, see {} --help", self.name);
                self.complain(&sentence);
                ExitCode::from(BAD_CONFIGURATION)
            }
        }
    }

    fn run<C, F, E>(
        &self,
        read: impl FnOnce(&mut Reading<'_>) -> Option<C>,
        run: impl FnOnce(C, Process) -> F,
    ) -> ExitCode
    where
        F: Future<Output = Result<(), E>>,
        E: Into<AnyError>,
    {
        let ((own, config), warnings) = match self.configure(&Environment::from_process(), read) {
            Ok(configured) => configured,
            Err(problems) => {
                self.complain(&problems.to_string());
                return ExitCode::from(BAD_CONFIGURATION);
            }
        };
        let format = own.log_format.unwrap_or_else(LogFormat::for_stderr);
        if let Err(error) = logs::init(format, own.log_level.clone()) {
            self.complain(&causes(&error));
            return ExitCode::FAILURE;
        }
        for warning in warnings {
            warn!("{warning}");
        }
        match self.live(own, |process| run(config, process)) {
            Ok(()) => {
                info!("ended");
                ExitCode::SUCCESS
            }
            Err(failure) => {
                error!(error = causes(&*failure), "{} failed", self.name);
                ExitCode::FAILURE
            }
        }
    }

    /// The process's own configuration, the service's, and warnings.
    fn configure<C>(
        &self,
        environment: &Environment,
        read: impl FnOnce(&mut Reading<'_>) -> Option<C>,
    ) -> Result<((Config, C), Vec<String>), Problems> {
        let mut reading = Reading::new(environment);
        let config = read(&mut reading);
        let own = Config::read(&mut reading);
        let rooms = self.rooms();
        reading.finish(own.zip(config), &rooms, &prefixes(&rooms))
    }

    /// Runs the service on a runtime of its own. A panic in it is an error as any other.
    fn live<F, E>(&self, own: Config, run: impl FnOnce(Process) -> F) -> Result<(), AnyError>
    where
        F: Future<Output = Result<(), E>>,
        E: Into<AnyError>,
    {
        let runtime = runtime()?;
        let alive = || runtime.block_on(self.supervised(own, run));
        let outcome = catch_unwind(AssertUnwindSafe(alive));
        // A thread that blocks for ever must not keep the process.
        runtime.shutdown_background();
        outcome.unwrap_or_else(|payload| {
            Err(format!("the service panicked: {}", panic_message(&*payload)).into())
        })
    }

    async fn supervised<F, E>(
        &self,
        own: Config,
        run: impl FnOnce(Process) -> F,
    ) -> Result<(), AnyError>
    where
        F: Future<Output = Result<(), E>>,
        E: Into<AnyError>,
    {
        let mut signals = Signals::listen()?;
        let process = Process::new(Registry::new())?;
        metrics::register(&process.registry, self.name, self.version)?;
        let admin = admin::serve(own.admin_addr, process.clone()).await?;
        info!(
            service = self.name,
            version = self.version,
            admin_addr = %admin.address(),
            "started"
        );
        let work = run(process.clone());
        let deadline = own.shutdown_deadline;
        let outcome = drain::supervise(work, &process.shutdown, &mut signals, deadline).await?;
        process.shutdown.cancel();
        admin.stop().await;
        outcome.map_err(Into::into)
    }

    /// The declared rooms and this crate's own.
    fn rooms(&self) -> Vec<&'static [Variable]> {
        let mut rooms = self.variables.to_vec();
        rooms.push(config::VARIABLES);
        rooms
    }

    /// Says on stderr, before there are logs, what is wrong. A stderr that is gone is no reason to
    /// panic.
    fn complain(&self, sentence: &str) {
        let _ = writeln!(io::stderr(), "{}: {sentence}", self.name);
    }
}

/// Prints what was asked for. A reader that went away early has read enough.
fn answer(text: &str) -> ExitCode {
    let _ = io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}

fn runtime() -> io::Result<Runtime> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    Builder::new_multi_thread()
        .worker_threads(cores.min(MAX_RUNTIME_THREADS))
        .enable_all()
        .build()
}
