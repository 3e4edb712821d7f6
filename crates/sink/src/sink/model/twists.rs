//! Every twist at every call, and many pairs of them.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::chance::Chance;
use super::house::{House, Setting};
use super::log::Kind::{self, Alarming, Conflict, Foreign, Garbage, Plain, Twin, Unstorable};
use super::plan::{Call, Twist};

fn partitions() -> Vec<Vec<Kind>> {
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
fn calls(setting: &Setting) -> Vec<Call> {
    let house = check(setting).unwrap();
    let world = house.world.lock();
    world.calls.iter().map(|(_, call)| *call).collect()
}

/// Each twist at each call where it may happen.
fn check_each(setting: &Setting) {
    let (mut runs, mut failures) = (0, Vec::new());
    for (number, call) in calls(setting).into_iter().enumerate() {
        for twist in Twist::ALL.iter().filter(|twist| twist.befalls(call)) {
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
    if let Ok(path) = std::env::var("MODEL_REPORT") {
        let mut heads: std::collections::BTreeMap<String, usize> = Default::default();
        for failure in failures {
            let head = failure
                .lines()
                .nth(1)
                .unwrap_or("?")
                .chars()
                .filter(|c| !c.is_ascii_digit())
                .take(60)
                .collect();
            *heads.entry(head).or_default() += 1;
        }
        std::fs::write(
            path,
            format!("{runs} runs {heads:#?}\n{}", failures.join("\n\n")),
        )
        .unwrap();
    }
    assert!(
        failures.is_empty(),
        "{} of {runs} runs failed, as this one did: {}",
        failures.len(),
        failures.iter().min_by_key(|why| why.len()).unwrap()
    );
}

fn one() -> Setting {
    Setting {
        sinks: 1,
        partitions: partitions(),
        ..Setting::default()
    }
}

fn two() -> Setting {
    Setting { sinks: 2, ..one() }
}

fn conflicting() -> Setting {
    let mut partitions = partitions();
    partitions[1] = vec![Plain, Plain, Conflict, Plain];
    Setting {
        partitions,
        halting: BTreeSet::from([1]),
        ..one()
    }
}

#[test]
fn one_sink_survives_every_twist_at_every_call() {
    for seed in 0..3 {
        check_each(&Setting { seed, ..one() });
    }
}

#[test]
fn two_sinks_survive_every_twist_at_every_call() {
    for seed in 0..3 {
        check_each(&Setting { seed, ..two() });
    }
}

#[test]
fn a_conflict_halts_its_partition_and_no_other_whatever_happens() {
    check_each(&conflicting());
    check_each(&Setting {
        sinks: 2,
        ..conflicting()
    });
}

#[test]
fn several_twists_at_once_do_no_more_harm_than_one() {
    check_several(&one(), 2, 1_500);
    check_several(&two(), 2, 1_500);
    check_several(&two(), 5, 1_500);
    check_several(&conflicting(), 3, 500);
}
