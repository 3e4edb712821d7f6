//! What all scenarios of a run share.

use std::cell::RefCell;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::runtime::{Builder, Runtime};

use crate::arguments::Arguments;
use crate::compose::Compose;
use crate::failure::{Attempt, Failure, Outcome};
use crate::journal::Journal;

/// Lines of each log that a failure shows.
const TAIL: usize = 30;

/// The servers, the programs, the folder for logs, and what was asked for.
pub struct Bench {
    /// What the run says.
    pub journal: Journal,
    /// For clients that are asynchronous.
    pub runtime: Arc<Runtime>,
    /// Where the brokers are.
    pub bootstrap: String,
    /// A database whose user may make others on the same server.
    pub database_url: String,
    /// Where the programs under test lie.
    pub programs: PathBuf,
    /// Where they write what they say.
    pub logs: PathBuf,
    /// What was asked for.
    pub arguments: Arguments,
    /// Decides everything that is left to chance.
    pub seed: u64,
    /// What the names of this run's topics, groups and databases have in common.
    pub prefix: String,
    audit: RefCell<Option<String>>,
}

impl Bench {
    /// Looks where everything is.
    pub fn set(arguments: Arguments) -> Outcome<Self> {
        let ours = std::env::current_exe().attempt("ask where our own program lies")?;
        let logs = tempfile::Builder::new()
            .prefix("fraudstream-e2e-")
            .tempdir()
            .attempt("make a folder for logs")?;
        let chance: u64 = rand::make_rng::<StdRng>().random();
        let seed = arguments.seed.unwrap_or(chance);
        Ok(Self {
            journal: Journal::start(),
            runtime: Arc::new(runtime()?),
            bootstrap: variable("KAFKA_BOOTSTRAP_SERVERS")?,
            database_url: variable("DATABASE_URL")?,
            programs: (arguments.programs.clone()).unwrap_or_else(|| ours.with_file_name("")),
            logs: logs.keep(),
            arguments,
            seed,
            prefix: format!("e2e-{:08x}", chance as u32),
            audit: RefCell::default(),
        })
    }

    /// Chance, the same each time for the same seed and purpose.
    pub fn chance(&self, purpose: u64) -> StdRng {
        StdRng::seed_from_u64(self.seed ^ purpose)
    }

    /// The containers that the servers run in.
    pub fn compose(&self) -> Outcome<Compose> {
        Compose::find(&self.bootstrap)
    }

    /// Keeps the audit's object for the end. The first one wins: it is the largest scenario's.
    pub fn audited(&self, json: &str) {
        self.audit
            .borrow_mut()
            .get_or_insert_with(|| json.to_owned());
    }

    /// The object that was kept.
    pub fn audit(&self) -> Option<String> {
        self.audit.borrow().clone()
    }

    /// The end of what the newest process of each program in a scenario said.
    pub fn tails(&self, scenario: &str) -> String {
        let folder = self.logs.join(scenario);
        let Ok(entries) = fs::read_dir(&folder) else {
            return String::new();
        };
        let mut logs: Vec<PathBuf> = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|kind| kind == "log"))
            .collect();
        // Their names start with a number that grows.
        logs.sort();
        let mut tails = String::new();
        let mut told = Vec::new();
        for log in logs.iter().rev() {
            let name = log.file_stem().unwrap_or_default().to_string_lossy();
            let program = name.split_once('-').map_or("", |(_, program)| program);
            if told.iter().any(|known| known == program) {
                continue;
            }
            told.push(program.to_owned());
            let text = fs::read_to_string(log).unwrap_or_default();
            let skipped = text.lines().count().saturating_sub(TAIL);
            tails.push_str(&format!("--- {}\n", log.display()));
            for line in text.lines().skip(skipped) {
                tails.push_str(line);
                tails.push('\n');
            }
        }
        tails
    }
}

fn variable(name: &str) -> Outcome<String> {
    std::env::var(name).map_err(|_| Failure::new(format!("{name} is not set; `make e2e` sets it")))
}

fn runtime() -> Outcome<Runtime> {
    Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .attempt("make a runtime")
}
