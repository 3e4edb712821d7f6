//! Servers that go away while payments flow, and come back.
//!
//! The services stay alive, say at `/readyz` what they wait for, lose nothing, and go on by
//! themselves.

use std::time::{Duration, Instant};

use super::course;
use crate::bench::Bench;
use crate::compose::{BROKERS, How, MYSQL};
use crate::failure::Outcome;
use crate::fleet::Fleet;
use crate::stage::Stage;
use crate::wait::{Wait, pace};

pub const DATABASE: &str = "database-away";
pub const BROKERS_AWAY: &str = "brokers-away";

const RATE: u64 = 500;
const SHORT: Duration = Duration::from_secs(20);
const LONG: Duration = Duration::from_secs(120);

/// A server that freezes is noticed by time limits alone.
const NOTICE_SECONDS: u64 = 20;

/// How long servers may take to answer after they were started.
const START_SECONDS: u64 = 180;

/// What goes away, and who has to notice.
#[derive(Clone, Copy)]
struct Outage {
    scenario: &'static str,
    containers: &'static [&'static str],
    /// Its name at `/readyz`.
    dependency: &'static str,
    /// How it goes away in a short run and in a long one.
    ways: (&'static [How], &'static [How]),
}

/// MySQL goes away.
pub fn database_away(bench: &Bench) -> Outcome {
    run(
        bench,
        Outage {
            scenario: DATABASE,
            containers: MYSQL,
            dependency: "database",
            ways: (&[How::Kill], &[How::Kill, How::Pause]),
        },
    )
}

/// All brokers go away.
pub fn brokers_away(bench: &Bench) -> Outcome {
    run(
        bench,
        Outage {
            scenario: BROKERS_AWAY,
            containers: BROKERS,
            dependency: "kafka",
            ways: (&[How::Pause], &[How::Pause, How::Kill]),
        },
    )
}

fn run(bench: &Bench, outage: Outage) -> Outcome {
    let compose = bench.compose()?;
    let (stage, mut fleet) = course::set(bench, outage.scenario, RATE)?;
    let journal = &bench.journal;
    let (ways, length) = match bench.arguments.long {
        false => (outage.ways.0, SHORT),
        true => (outage.ways.1, LONG),
    };
    for how in ways {
        let away = compose.away(*how, outage.containers)?;
        let began = Instant::now();
        journal.say(format_args!("{} away ({how:?})", outage.dependency));
        notice(&stage, &mut fleet, outage.dependency)?;
        pace(length.saturating_sub(began.elapsed()))?;
        truthful(&stage, &mut fleet, outage.dependency)?;
        away.end()?;
        answering(&stage, outage.dependency)?;
        let seconds = began.elapsed().as_secs_f64();
        journal.say(format_args!(
            "{} back after {seconds:.1} s",
            outage.dependency
        ));
        let back = Instant::now();
        course::ready(&stage, &mut fleet)?;
        course::flowing(&stage, &mut fleet)?;
        let seconds = back.elapsed().as_secs_f64();
        journal.check(
            seconds < course::RECOVERY_SECONDS as f64,
            format_args!("all goes on by itself {seconds:.1} s after the end of the outage"),
        );
        course::caught_up(&stage, &mut fleet)?;
    }
    course::finish(stage, fleet)
}

/// Waits until everybody who needs the servers says that they are away.
pub fn notice(stage: &Stage<'_>, fleet: &mut Fleet, dependency: &str) -> Outcome {
    let journal = &stage.bench.journal;
    let (began, mut noticed) = (Instant::now(), Vec::new());
    let needing = fleet
        .all()
        .filter(|(service, _)| service.needs(dependency))
        .count();
    let failed = format!("{dependency}: failed");
    let waited = Wait::seconds(NOTICE_SECONDS).until("all who need it notice", || {
        fleet.alive()?;
        for (service, answer) in fleet.ask("/readyz")? {
            let says = answer.status == 503 && answer.body.contains(&failed);
            if says && service.needs(dependency) && !noticed.contains(&service) {
                noticed.push(service);
                let seconds = began.elapsed().as_secs_f64();
                journal.say(format_args!(
                    "{service} after {seconds:.1} s: {}",
                    answer.line()
                ));
            }
        }
        Ok((noticed.len() == needing).then_some(()))
    });
    // Who did not is told by name at the end of the outage.
    waited.or_else(|failure| {
        journal.say(failure);
        fleet.alive()
    })
}

/// Checks that every service is alive and that its readiness is the truth.
pub fn truthful(stage: &Stage<'_>, fleet: &mut Fleet, dependency: &str) -> Outcome {
    let journal = &stage.bench.journal;
    fleet.alive()?;
    let failed = format!("{dependency}: failed");
    for (service, answer) in fleet.ask("/readyz")? {
        let (holds, expected) = match service.needs(dependency) {
            true => (answer.status == 503 && answer.body.contains(&failed), 503),
            false => (answer.status == 200, 200),
        };
        let line = answer.line();
        journal.check(
            holds,
            format_args!("{service} is truthful ({expected} expected): {line}"),
        );
    }
    for (service, answer) in fleet.ask("/livez")? {
        if answer.status != 200 {
            journal.check(false, format_args!("{service} is alive: {}", answer.line()));
        }
    }
    Ok(())
}

/// Waits until our own clients are answered again.
pub fn answering(stage: &Stage<'_>, dependency: &str) -> Outcome {
    Wait::seconds(START_SECONDS).until(format_args!("{dependency} answers"), || {
        let answers = match dependency {
            "database" => stage.system.database.answers(),
            _ => stage
                .system
                .kafka
                .brokers()
                .is_ok_and(|brokers| brokers == BROKERS.len()),
        };
        Ok(answers.then_some(()))
    })
}
