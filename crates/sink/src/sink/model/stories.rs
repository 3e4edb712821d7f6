//! Runs with a name.

use std::time::Duration;

use super::house::{House, Setting};
use super::log::Kind::{Alarming, Foreign, Garbage, Plain, Twin, Unstorable};
use super::log::Log;
use super::plan::{Call, Twist};
use super::twists::{check, conflicting, one, two};

/// What a counter of the only process has come to, over all its labels or those that have this value.
fn counted(house: &House, name: &str, label: Option<&str>) -> u64 {
    let families = house.registry.gather();
    let family = families
        .iter()
        .find(|family| family.name() == format!("fraudstream_{name}"));
    let metrics = family.unwrap().get_metric().iter();
    let of_label = metrics.filter(|metric| {
        let mut labels = metric.get_label().iter();
        label.is_none_or(|value| labels.any(|label| label.value() == value))
    });
    of_label
        .map(|metric| metric.get_counter().get_value() as u64)
        .sum()
}

#[test]
fn every_record_is_counted_as_what_it_became() {
    let mut house = House::new(&one());
    house.live().unwrap();
    // What is at rest in the tables may not have been answered yet.
    house.turn_for(Duration::from_secs(1));
    {
        let mut world = house.world.lock();
        assert_eq!(world.tables.rows(), 16, "18 records, two of them twins");
        assert_eq!(world.tables.alerts(), 3);
        assert_eq!(world.tables.fences, 0);
        world.away = true;
    }
    assert_eq!(counted(&house, "payments_stored_total", None), 14);
    assert_eq!(counted(&house, "payments_stored_total", Some("alert")), 3);
    assert_eq!(counted(&house, "duplicates_total", None), 2);
    assert_eq!(counted(&house, "dead_letters_total", None), 2);
    assert_eq!(counted(&house, "dead_letters_total", Some("not_json")), 1);
    assert_eq!(counted(&house, "dead_letters_total", Some("unstorable")), 1);
}

#[test]
fn while_the_database_is_away_it_stays_in_the_group_with_one_batch_in_hand_and_then_goes_on() {
    let mut house = House::new(&two());
    house.until(|world| world.tables.rows() > 2);
    house.world.lock().away = true;
    // That no more than a batch waits is looked at in every round.
    house.turn_for(Duration::from_secs(120));
    let polls = house.world.lock().calls.len();
    house.turn_for(Duration::from_secs(10));
    assert!(house.world.lock().calls.len() > polls + 50, "it polls");
    assert_eq!(house.deaths, 0);

    house.world.lock().away = false;
    house.turn_for(Duration::from_secs(5));
    assert!(house.is_at_rest(), "5 s after the database came back");
    assert_eq!(house.world.lock().tables.broken, None);
}

#[test]
fn a_drain_stores_what_was_collected() {
    let mut house = House::new(&one());
    house.until(|world| world.tables.rows() > 2);
    house.until(|world| {
        world
            .calls
            .last()
            .is_some_and(|made| made.call == Call::Poll)
    });
    let waiting = house.sinks[&0].buffer.records() + house.sinks[&0].storing.map_or(0, |_| 1);
    let rows = house.world.lock().tables.rows();
    assert!(waiting > 0, "nothing to drain shows nothing");
    assert!(house.drain(0) < Duration::from_secs(1));
    assert!(house.world.lock().tables.rows() > rows);
}

#[test]
fn a_drain_does_not_wait_for_ever_for_a_database_that_is_away() {
    let mut house = House::new(&one());
    house.until(|world| world.tables.rows() > 2);
    house.world.lock().away = true;
    house.turn_for(Duration::from_secs(3));
    let took = house.drain(0);
    assert!(took >= Duration::from_secs(10) && took < Duration::from_secs(11));
}

#[test]
fn a_topic_made_anew_is_read_from_its_beginning_however_long_it_is() {
    for kinds in [
        vec![Plain],
        vec![Foreign; 3],
        vec![
            Plain, Alarming, Twin, Garbage, Plain, Plain, Unstorable, Plain, Plain, Plain,
        ],
    ] {
        for rows in 0..12 {
            let mut house = House::new(&two());
            house.until(|world| world.tables.rows() >= rows);
            let anew = Log::anew(&[&kinds, &kinds, &kinds]);
            house.world.lock().renew(anew);
            house.live().unwrap();
        }
    }
}

#[test]
fn a_partition_whose_position_retention_overtook_halts_and_the_others_go_on() {
    let mut house = House::new(&Setting {
        halting: [1].into(),
        ..one()
    });
    house.until(|world| world.tables.position(&world.partition(1)).is_some());
    {
        let mut world = house.world.lock();
        world.group.bounce(0, true, None);
        world.log.cut(1, 1_000);
        world.log.append(1, Plain);
    }
    house.live().unwrap();
    assert_eq!(house.deaths, 0);
    let why = house.sinks[&0].watch.kafka().unwrap_err();
    assert!(
        why.contains("partition 1") && why.contains("lies outside of the log"),
        "{why}"
    );
}

#[test]
fn a_conflict_says_which_partition_stands_still_and_why() {
    let mut house = House::new(&conflicting());
    house.live().unwrap();
    let why = house.sinks[&0].watch.kafka().unwrap_err();
    assert!(
        why.contains("fraud_payments/1 is halted")
            && why.contains("one key stands for different bytes"),
        "{why}"
    );
}

/// Ways of one owner behind another's back.
const BEHIND: &[Twist] = &[
    Twist::StolenInSleep,
    Twist::Stolen,
    Twist::ClaimedAndStored,
    Twist::FailsAndWorks,
];

/// How many runs of an owner behind another's back a database gets wrong.
fn noticed(ignores_epochs: bool, ignores_positions: bool) -> usize {
    let runs = (0..160).map(|seed| Setting {
        seed,
        twists: vec![
            (20 + seed as usize % 20, Twist::Slow),
            (
                22 + seed as usize % 20,
                BEHIND[seed as usize % BEHIND.len()],
            ),
            (30 + seed as usize % 20, Twist::FailsAndWorks),
        ],
        ignores_epochs,
        ignores_positions,
        ..two()
    });
    runs.filter(|setting| check(setting).is_err()).count()
}

#[test]
fn a_database_that_fences_nobody_is_noticed() {
    assert!(noticed(true, true) > 0);
}

#[test]
fn a_database_that_looks_at_both_epochs_and_positions_gets_nothing_wrong() {
    assert_eq!(noticed(false, false), 0);
}
