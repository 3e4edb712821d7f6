//! One step after the other.

use std::time::{Duration, Instant};

use e2e::failure::Outcome;
use e2e::wait::pace;

use crate::fault::Fault;
use crate::inflict::{End, Inflicted, inflict};
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
        let (dealt, ended) = deal(world, &step)?;
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
        let stormy = step.faults().any(|fault| fault.kind.strikes_servers());
        world.deaths.check(&world.journal, stormy)?;
        for fault in dealt {
            report.add(fault, recovery);
        }
    }
    Ok(())
}

/// Inflicts what a step has, holds it, ends it, and says which faults were there and when the end of the last one began. One
/// that could not be inflicted or ended is a failed check, and the other one is ended all the same.
fn deal(world: &World, step: &Step) -> Outcome<(Vec<Fault>, Instant)> {
    let mut held = Vec::new();
    held.extend(begin(world, step.first));
    if let Some((after, second)) = step.second {
        pace(Duration::from_secs(after))?;
        held.extend(begin(world, second));
    }
    held.sort_by_key(|(end, _, _)| *end);
    let (mut dealt, mut ended) = (Vec::new(), Instant::now());
    for (end, fault, inflicted) in held {
        pace(end.saturating_duration_since(Instant::now()))?;
        ended = Instant::now();
        let journal = &world.journal;
        match inflicted.end() {
            Ok(End::Over) => dealt.push(fault),
            Ok(End::Seen(said)) => {
                journal.say(format_args!("{}: {said}", fault.kind));
                dealt.push(fault);
            }
            Ok(End::Unnoticed(why)) => {
                journal.say(format_args!("{}: does not count: {why}", fault.kind));
            }
            Err(failure) => {
                journal.check(false, format_args!("end of {}: {failure}", fault.kind));
            }
        }
    }
    Ok((dealt, ended))
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
