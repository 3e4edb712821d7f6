//! `e2e`: the whole system on real servers, with faults, judged by code of its own.
//!
//! It starts release programs, those that lie beside it or elsewhere, as a person would, and shares no code with
//! them. Its last line on stdout is the object of `fraudstream audit --json` of its largest scenario.

// What a run says is its product, and the last line is read by others.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod arguments;
mod audit;
mod bench;
mod checker;
mod child;
mod compose;
mod database;
mod failure;
mod fleet;
mod http;
mod journal;
mod judge;
mod kafka;
mod load;
mod machine;
mod odd;
mod scenario;
mod service;
mod stage;
mod usage;
mod wait;

use std::process::ExitCode;
use std::sync::atomic::Ordering;

use clap::Parser as _;

use arguments::Arguments;
use bench::Bench;
use failure::{Attempt as _, Failure, Outcome};
use scenario::{ALL, Scenario};
use wait::INTERRUPTED;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.list {
        for scenario in ALL {
            println!("{:<15} {}", scenario.name, scenario.about);
        }
        return ExitCode::SUCCESS;
    }
    match chosen(&arguments).and_then(|scenarios| run(arguments, &scenarios)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("e2e: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn chosen(arguments: &Arguments) -> Outcome<Vec<Scenario>> {
    if arguments.only.is_empty() {
        return Ok(ALL.to_vec());
    }
    let named = arguments.only.iter().map(|name| {
        let found = ALL.iter().find(|scenario| scenario.name == name);
        found
            .copied()
            .ok_or_else(|| Failure::new(format!("there is no scenario {name}, see e2e --list")))
    });
    named.collect()
}

/// Runs them one after the other; whether all checks held. One that cannot go on does not keep the
/// others from running.
fn run(arguments: Arguments, scenarios: &[Scenario]) -> Outcome<bool> {
    let bench = Bench::set(arguments)?;
    listen(&bench)?;
    let journal = &bench.journal;
    journal.say(format_args!(
        "seed {}, logs in {}",
        bench.seed,
        bench.logs.display()
    ));
    for scenario in scenarios {
        journal.enter(scenario.name);
        journal.say(scenario.about);
        if let Err(failure) = (scenario.run)(&bench) {
            journal.check(false, &failure);
            eprint!("{}", bench.tails(scenario.name));
        }
        if INTERRUPTED.load(Ordering::Relaxed) {
            break;
        }
    }
    journal.enter("e2e");
    let failed = journal.failed();
    let verdict = match failed.is_empty() {
        true => "all checks held".to_owned(),
        false => format!("{} checks FAILED", failed.len()),
    };
    journal.say(verdict);
    if let Some(json) = bench.audit() {
        println!("{json}");
    }
    for sentence in &failed {
        eprintln!("e2e: FAILED {sentence}");
    }
    match failed.is_empty() {
        true => std::fs::remove_dir_all(&bench.logs).attempt("remove the logs")?,
        false => eprintln!(
            "e2e: logs are in {}; what failed is kept in topics {}-* and databases of that name; seed {}",
            bench.logs.display(),
            bench.prefix,
            bench.seed
        ),
    }
    Ok(failed.is_empty())
}

/// Lets a signal end the run in good order: waits fail, and what was started or stopped is put back.
fn listen(bench: &Bench) -> Outcome {
    use tokio::signal::unix::{SignalKind, signal};
    let _runtime = bench.runtime.enter();
    for kind in [SignalKind::interrupt(), SignalKind::terminate()] {
        let mut signals = signal(kind).attempt("listen to signals")?;
        bench.runtime.spawn(async move {
            signals.recv().await;
            INTERRUPTED.store(true, Ordering::Relaxed);
        });
    }
    Ok(())
}
