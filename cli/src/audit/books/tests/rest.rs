//! Payments that rest, or are on their way.

use super::*;

#[test]
fn nothing_is_even() {
    let balance = Books::new(names(), ID, 3).close();
    assert!(balance.is_even());
    assert_eq!(balance.totals, Totals::default());
}

#[test]
fn when_all_rest_nothing_is_in_flight() {
    let mut pipeline = pipeline(10);
    pipeline.all_rest(10);
    assert_eq!(pipeline.even([3, 5, 2, 0]).produced, 10);
}

#[test]
fn what_is_not_decided_yet_is_in_flight() {
    let mut pipeline = pipeline(6);
    pipeline.all_rest(6);
    let totals = pipeline.even([3, 1, 2, 4]);
    assert_eq!((totals.to_decide, totals.to_store), (4, 0));
}

#[test]
fn a_detector_without_a_position_has_decided_nothing() {
    let mut pipeline = pipeline(0);
    pipeline.books.partition(
        0,
        Extent {
            low: 0,
            high: 10,
            committed: None,
        },
    );
    assert_eq!(pipeline.even([0, 0, 0, 10]).to_decide, 10);
}

#[test]
fn what_waits_for_its_sink_is_in_flight_and_what_was_stored_meanwhile_is_not() {
    let mut pipeline = pipeline(10);
    pipeline.all_rest(8);
    pipeline.sent(Kind::Legit, 8);
    pipeline.rests(Kind::Legit, 9);
    pipeline.books.waiting(source(8));
    pipeline.books.waiting(source(9));
    let totals = pipeline.even([3, 4, 2, 1]);
    assert_eq!((totals.to_decide, totals.to_store), (0, 1));
}

#[test]
fn what_was_decided_after_the_positions_were_read_is_where_it_is_found() {
    let mut pipeline = pipeline(6);
    pipeline.all_rest(8);
    pipeline.even([3, 3, 2, 2]);
}

#[test]
fn a_row_is_enough_where_retention_took_the_output() {
    let mut pipeline = pipeline(10);
    pipeline.all_rest(8);
    pipeline.row(Kind::Legit, 8);
    pipeline.row(Kind::Fraud, 9);
    pipeline.even([4, 4, 2, 0]);
}

#[test]
fn a_dead_letter_may_come_from_either_output() {
    let mut pipeline = pipeline(10);
    pipeline.all_rest(8);
    for (kind, offset) in [(Kind::Fraud, 8), (Kind::Legit, 9)] {
        pipeline.sent(kind, offset);
        pipeline.row(Kind::Dead, offset);
    }
    pipeline.even([3, 3, 4, 0]);
}
