//! `e2e`: the whole system on real servers, with faults, judged by code of its own.
//!
//! It starts release programs, those that lie beside it or elsewhere, as a person would, and shares no code with
//! them. Its last line on stdout is the object of `fraudstream audit --json` of its largest scenario.

// What a run says is its product, and the last line is read by others.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::process::ExitCode;
use std::sync::atomic::Ordering;

use clap::Parser as _;

use e2e::arguments::Arguments;
use e2e::bench::Bench;
use e2e::failure::{Attempt as _, Failure, Outcome};
use e2e::scenario::{ALL, Scenario};
use e2e::wait::{INTERRUPTED, listen};

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
    listen(&bench.runtime)?;
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
