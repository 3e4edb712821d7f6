//! Every twist at every call, and many pairs of them.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::chance::Chance;
use super::house::{House, Setting};
use super::log::Kind::{self, Alarming, Conflict, Foreign, Garbage, Plain, Twin, Unstorable};
use super::plan::{Call, Twist};
use super::world::Made;

pub fn partitions() -> Vec<Vec<Kind>> {
    vec![
        vec![Plain, Alarming, Plain, Foreign, Plain, Plain],
        vec![Plain, Twin, Garbage, Plain, Alarming],
        vec![Unstorable, Plain, Plain, Alarming, Twin, Plain, Plain],
    ]
}

/// Runs it to its rest, then sends more and runs it again.
pub fn check(setting: &Setting) -> Result<House, String> {
    let run = || {
        let mut house = House::new(setting);
        house.live()?;
        {
            let mut world = house.world.lock();
            let numbers: Vec<i32> = world.log.partitions().collect();
            for number in numbers {
                if !setting.halting.contains(&number) {
                    world.log.append(number, Plain);
                    world.log.append(number, Alarming);
                }
            }
            world.say(|| "more is sent".to_owned());
        }
        house.live()?;
        Ok(house)
    };
    catch_unwind(AssertUnwindSafe(run))
        .unwrap_or_else(|panic| {
            let why = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or(panic.downcast_ref::<&str>().copied());
            Err(format!("panicked: {}", why.unwrap_or("?")))
        })
        .map_err(|why: String| format!("{setting:?}\n  {why}"))
}

/// Every call of a run without twists.
fn calls(setting: &Setting) -> Vec<Made> {
    let house = check(setting).unwrap();
    let world = house.world.lock();
    world.calls.clone()
}

/// Each twist at each call where it may happen; of polls that brought nothing, one after the other, at the first.
fn check_each(setting: &Setting) {
    let (mut runs, mut failures) = (0, Vec::new());
    let mut idle = false;
    for (number, made) in calls(setting).into_iter().enumerate() {
        if std::mem::replace(&mut idle, made.idle) && idle {
            continue;
        }
        let befall = |twist: &&Twist| twist.befalls(made.call);
        for twist in Twist::ALL.iter().filter(befall) {
            let setting = Setting {
                twists: vec![(number, *twist)],
                ..setting.clone()
            };
            runs += 1;
            failures.extend(check(&setting).err());
        }
    }
    report(runs, &failures);
}

/// Each call that follows one whose answer was lost fails in each way.
fn check_mending(setting: &Setting) {
    let (mut runs, mut failures) = (0, Vec::new());
    for (number, made) in calls(setting).into_iter().enumerate() {
        if !matches!(made.call, Call::Claim | Call::Commit) {
            continue;
        }
        let lost = Setting {
            twists: vec![(number, Twist::WorksAndFails)],
            ..setting.clone()
        };
        let after = calls(&lost).into_iter().enumerate();
        for (later, made) in after.skip(number + 1).take(8) {
            let fails = |twist: &&Twist| twist.is_of_the_call() && twist.befalls(made.call);
            for twist in Twist::ALL.iter().filter(fails) {
                let mut setting = lost.clone();
                setting.twists.push((later, *twist));
                runs += 1;
                failures.extend(check(&setting).err());
            }
        }
    }
    report(runs, &failures);
}

/// Several twists at once, at calls by chance.
fn check_several(setting: &Setting, count: usize, seeds: u64) {
    let mut failures = Vec::new();
    let long = calls(setting).len() * 3 / 2;
    for seed in 0..seeds {
        let mut chance = Chance::new(seed);
        let twists = (0..count)
            .filter_map(|_| Some((chance.below(long), chance.pick(Twist::ALL)?)))
            .collect();
        let setting = Setting {
            seed,
            twists,
            ..setting.clone()
        };
        failures.extend(check(&setting).err());
    }
    report(seeds, &failures);
}

fn report(runs: u64, failures: &[String]) {
    assert!(
        failures.is_empty(),
        "{} of {runs} runs failed, as this one did: {}",
        failures.len(),
        failures.iter().min_by_key(|why| why.len()).unwrap()
    );
}

pub fn one() -> Setting {
    Setting {
        sinks: 1,
        partitions: partitions(),
        ..Setting::default()
    }
}

pub fn two() -> Setting {
    Setting { sinks: 2, ..one() }
}

pub fn conflicting() -> Setting {
    let mut partitions = partitions();
    partitions[1] = vec![Plain, Plain, Conflict, Plain];
    Setting {
        partitions,
        halting: BTreeSet::from([1]),
        ..one()
    }
}

/// More than one explores further than every `cargo test` needs to.
fn seeds() -> std::ops::Range<u64> {
    let seeds = std::env::var("SINK_MODEL_SEEDS").ok();
    0..seeds.and_then(|seeds| seeds.parse().ok()).unwrap_or(1)
}

#[test]
fn one_sink_survives_every_twist_at_every_call() {
    for seed in seeds() {
        check_each(&Setting { seed, ..one() });
    }
}

#[test]
fn two_sinks_survive_every_twist_at_every_call() {
    for seed in seeds() {
        check_each(&Setting { seed, ..two() });
    }
}

#[test]
fn a_sink_that_mends_a_lost_answer_survives_whatever_fails() {
    for seed in seeds() {
        check_mending(&Setting { seed, ..one() });
    }
}

#[test]
fn a_conflict_halts_its_partition_and_no_other_whatever_happens() {
    for seed in seeds() {
        let sinks = 1 + seed as usize % 2;
        check_each(&Setting {
            seed,
            sinks,
            ..conflicting()
        });
    }
}

#[test]
fn several_twists_at_once_do_no_more_harm_than_one() {
    let runs = 400 * seeds().end;
    check_several(&one(), 2, runs);
    check_several(&two(), 2, runs);
    check_several(&two(), 5, runs);
    check_several(&conflicting(), 3, runs / 2);
}
