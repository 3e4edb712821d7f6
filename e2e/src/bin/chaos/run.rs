//! One step after the other.

use std::time::{Duration, Instant};

use e2e::failure::Outcome;
use e2e::wait::pace;

use crate::fault::Fault;
use crate::inflict::{Inflicted, inflict};
use crate::plan::Step;
use crate::recovery;
use crate::report::Report;
use crate::world::World;

/// Deals all of them.
pub fn all(world: &mut World, steps: impl Iterator<Item = Step>, report: &mut Report) -> Outcome {
    for (number, step) in steps.enumerate() {
        world
            .journal
            .say(format_args!("step {}: {step}", number + 1));
        pace(Duration::from_secs(step.calm))?;
        let ended = deal(world, &step)?;
        let recovery = recovery::wait(world, ended)?;
        match recovery {
            Some(after) => world.journal.say(format_args!(
                "well {:.1} s after the end",
                after.as_secs_f64()
            )),
            None => {
                let why =
                    recovery::behind(world).unwrap_or_else(|failure| Some(failure.to_string()));
                let why = why.unwrap_or_default();
                world
                    .journal
                    .check(false, format_args!("well again: {why}"));
            }
        }
        for fault in step.faults() {
            report.add(fault, recovery);
        }
    }
    Ok(())
}

/// Inflicts what a step has, holds it, ends it, and says when the last end was. One that could not be inflicted is a
/// failed check, and the other one is ended all the same.
fn deal(world: &World, step: &Step) -> Outcome<Instant> {
    let mut held = Vec::new();
    held.extend(begin(world, step.first));
    if let Some((after, second)) = step.second {
        pace(Duration::from_secs(after))?;
        held.extend(begin(world, second));
    }
    held.sort_by_key(|(end, _, _)| *end);
    for (end, fault, inflicted) in held {
        pace(end.saturating_duration_since(Instant::now()))?;
        let said = match inflicted.end() {
            Ok(said) if said.is_empty() => continue,
            Ok(said) => format!("{}: {said}", fault.kind),
            Err(failure) => {
                world
                    .journal
                    .check(false, format_args!("end of {}: {failure}", fault.kind));
                continue;
            }
        };
        world.journal.say(said);
    }
    Ok(Instant::now())
}

fn begin(world: &World, fault: Fault) -> Option<(Instant, Fault, Inflicted<'_>)> {
    match inflict(world, fault) {
        Ok(inflicted) => {
            world
                .journal
                .say(format_args!("{}: {}", fault.kind, inflicted.evidence));
            let end = Instant::now() + Duration::from_secs(fault.seconds);
            Some((end, fault, inflicted))
        }
        Err(failure) => {
            world
                .journal
                .check(false, format_args!("{}: {failure}", fault.kind));
            None
        }
    }
}
