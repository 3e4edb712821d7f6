//! `chaos`: breaks the system in every way that we can, and counts.
//!
//! It starts the containers of docker-compose.yml under a name of its own, sends payments and keeps a ledger of them, deals
//! the faults that a seed draws, alone and two at a time, and in the end holds topics and tables against the ledger. It
//! shares no code with the services. Its last line on stdout says what was lost and doubled.

// What a run says is its product, and the last line is read by others.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod arguments;
mod deaths;
mod docker;
mod fault;
mod full_disk;
mod images;
mod inflict;
mod ledger;
mod loader;
mod payment;
mod plan;
mod proxy;
mod receiver;
mod recovery;
mod report;
mod run;
mod verdict;
mod world;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Parser as _;
use e2e::failure::{Attempt as _, Outcome};
use e2e::journal::Journal;
use e2e::wait::listen;
use rand::RngExt as _;
use rand::rngs::StdRng;
use tokio::runtime::Builder;

use arguments::Arguments;
use fault::Kind;
use plan::{Deck, Step};
use report::Report;
use verdict::Verdict;
use world::{Plot, World};

fn main() -> ExitCode {
    match chaos(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("chaos: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// Whether every check held.
fn chaos(arguments: &Arguments) -> Outcome<bool> {
    let chance = || rand::make_rng::<StdRng>().random();
    let seed = arguments.seed.unwrap_or_else(chance);
    let mut deck = Deck::new(seed);
    let steps = steps(arguments, seed, &mut deck)?;
    let journal = Journal::start();
    journal.enter("chaos");
    journal.say(format_args!("seed {seed}"));
    for (number, step) in steps.iter().enumerate() {
        journal.say(format_args!("{:>3}  {step}", number + 1));
    }
    if arguments.list {
        return Ok(true);
    }
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let runtime = Arc::new(runtime.attempt("make a runtime")?);
    listen(&runtime)?;
    let folder = tempfile::Builder::new()
        .prefix("fraudstream-chaos-")
        .tempdir();
    let folder = folder.attempt("make a folder for the ledger")?;
    let mut plot = Plot {
        files: vec!["docker-compose.yml", "e2e/chaos.yml"],
        beside: Vec::new(),
        seed,
        rate: arguments.rate,
        is_evidence: minutes(arguments) >= 60 && !arguments.full_disk,
        folder: folder.path().to_owned(),
    };
    if arguments.full_disk {
        plot.files.push("e2e/full-disk.yml");
        plot.beside.push(full_disk::KEEPER);
    }
    let mut world = World::start(&plot, journal, runtime)?;
    let ended = match arguments.full_disk {
        true => full_disk::run(&mut world, arguments.unknown_percent)
            .map(|verdict| last_line(1, verdict)),
        false => through(&mut world, steps, deck, arguments),
    };
    if let Err(failure) = &ended {
        world.journal.check(false, failure);
    }
    let failed = world.journal.failed();
    for sentence in &failed {
        eprintln!("FAILED {sentence}");
    }
    let keep = arguments.keep || !failed.is_empty();
    if keep {
        eprintln!(
            "the containers are stopped and kept; the ledger is in {}; seed {seed}",
            folder.keep().display()
        );
    }
    world.end(keep)?;
    if let Ok(line) = ended {
        println!("{line}");
    }
    Ok(failed.is_empty())
}

/// What is going to happen in any case.
fn steps(arguments: &Arguments, seed: u64, deck: &mut Deck) -> Outcome<Vec<Step>> {
    let of_minutes = (arguments.minutes * 11).div_ceil(10) as usize;
    match arguments.only.is_empty() {
        _ if arguments.full_disk => Ok(Vec::new()),
        true => Ok(deck.deal(arguments.faults.unwrap_or(of_minutes))),
        false => plan::these(seed, &arguments.only),
    }
}

/// How long faults are dealt; whoever chose them chose no time.
fn minutes(arguments: &Arguments) -> u64 {
    let chosen = arguments.faults.is_some() || !arguments.only.is_empty();
    if chosen { 0 } else { arguments.minutes }
}

/// What happens while there is time left.
fn rest(minutes: u64, deck: Deck) -> impl Iterator<Item = Step> {
    let (began, length) = (Instant::now(), Duration::from_secs(minutes * 60));
    deck.take_while(move |_| began.elapsed() < length)
}

/// Deals everything, and says in a line what became of it.
fn through(
    world: &mut World,
    steps: Vec<Step>,
    deck: Deck,
    arguments: &Arguments,
) -> Outcome<String> {
    let minutes = minutes(arguments);
    let is_long = minutes >= 60;
    let planned: Vec<Kind> = steps
        .iter()
        .flat_map(Step::faults)
        .map(|fault| fault.kind)
        .collect();
    let mut report = Report::default();
    let steps = steps.into_iter().chain(rest(minutes, deck));
    run::all(world, steps, &mut report)?;
    let verdict = verdict::reach(world, arguments.unknown_percent, is_long)?;
    report.tell(&world.journal, &planned);
    if is_long {
        world.journal.check(
            report.faults() >= 60 && verdict.payments >= 1_000_000,
            "an hour has 60 faults and a million payments",
        );
    }
    Ok(last_line(report.faults(), verdict))
}

fn last_line(faults: usize, verdict: Verdict) -> String {
    let Verdict {
        payments,
        lost,
        doubled,
        misrouted,
        reordered,
        otherwise_wrong,
    } = verdict;
    format!(
        "chaos: {faults} faults, {payments} payments, {lost} lost, {doubled} doubled, {misrouted} misrouted, {reordered} reordered, {otherwise_wrong} otherwise wrong"
    )
}
