//! Records that are none of the payments produced.

use super::*;

#[test]
fn foreign_records_are_counted_beside_the_payments_and_looked_for_under_their_own_place() {
    let mut pipeline = pipeline(10);
    pipeline.all_rest(10);
    let stored = pipeline.place(Kind::Fraud);
    let refused = pipeline.place(Kind::Legit);
    let waiting = pipeline.place(Kind::Legit);
    let dead = pipeline.place(Kind::Dead);
    pipeline.books.record(Kind::Fraud, stored, Origin::Foreign);
    pipeline.books.row(Kind::Fraud, stored);
    pipeline.books.record(Kind::Legit, refused, Origin::Foreign);
    pipeline.books.row(Kind::Dead, refused);
    pipeline.books.record(Kind::Legit, waiting, Origin::Foreign);
    pipeline.books.waiting(waiting);
    pipeline.books.record(Kind::Dead, dead, Origin::Foreign);
    let totals = pipeline.even([3, 5, 2, 0]);
    assert_eq!((totals.foreign, totals.earlier_topic), (4, 0));
}

#[test]
fn a_foreign_record_that_was_not_stored_is_found() {
    let mut pipeline = pipeline(10);
    pipeline.all_rest(10);
    let place = pipeline.place(Kind::Legit);
    pipeline.books.record(Kind::Legit, place, Origin::Foreign);
    let totals = pipeline.uneven(
        What::OthersUnstored,
        1,
        &["legit_topic/4/6: on topic legit_topic, in no table"],
    );
    assert_eq!((totals.missing, totals.unstored), (0, 1));
}

#[test]
fn payments_of_an_earlier_topic_are_neither_missing_nor_produced() {
    let mut pipeline = pipeline(10);
    pipeline.all_rest(10);
    for offset in 0..4 {
        let earlier = Key {
            topic_id: "earlier",
            ..source(offset)
        };
        pipeline.sent_key(Kind::Fraud, earlier);
        pipeline.books.row(Kind::Fraud, earlier);
    }
    pipeline.books.row(
        Kind::Legit,
        Key {
            topic_id: "earliest",
            ..source(77)
        },
    );
    let totals = pipeline.even([3, 5, 2, 0]);
    assert_eq!((totals.produced, totals.earlier_topic), (10, 5));
}

#[test]
fn payments_that_retention_took_are_neither_missing_nor_produced() {
    let mut pipeline = pipeline(10);
    pipeline.books.partition(
        0,
        Extent {
            low: 4,
            high: 10,
            committed: Some(10),
        },
    );
    pipeline.all_rest(10);
    let totals = pipeline.even([0, 5, 1, 0]);
    assert_eq!((totals.produced, totals.before_start), (6, 4));
}

#[test]
fn a_payment_that_retention_took_before_it_was_stored_is_unstored() {
    let mut pipeline = pipeline(10);
    pipeline.books.partition(
        0,
        Extent {
            low: 4,
            high: 10,
            committed: Some(10),
        },
    );
    pipeline.all_rest(10);
    pipeline.books.reopen();
    (4..10)
        .filter(|offset| ![3, 4].contains(offset))
        .for_each(|offset| pipeline.row(Kind::Legit, offset));
    pipeline.row(Kind::Dead, 4);
    (1..3).for_each(|offset| pipeline.row(Kind::Fraud, offset));
    pipeline.uneven(
        What::OthersUnstored,
        1,
        &["payments/0/0: on topic fraud_payments, in no table"],
    );
}

#[test]
fn gaps_are_nobody_s_payments() {
    let mut books = Books::new(names(), ID, 3);
    books.partition(
        0,
        Extent {
            low: 2,
            high: 10,
            committed: Some(10),
        },
    );
    for offset in [2, 3, 5, 8] {
        books.produced(0, offset);
        books.record(
            Kind::Legit,
            Key {
                topic_id: "l",
                topic: "legit_topic",
                partition: 0,
                offset,
            },
            Origin::Payment(source(offset), None),
        );
        books.row(Kind::Legit, source(offset));
    }
    let balance = books.close();
    assert!(balance.is_even(), "{:?}", balance.findings);
    assert_eq!(balance.totals.produced, 4);
    assert_eq!(balance.partitions[&0].1, 4);
}

#[test]
fn a_source_where_payments_has_no_record_is_said() {
    let mut pipeline = pipeline(10);
    pipeline.all_rest(10);
    pipeline.rests(Kind::Legit, 12);
    assert_eq!(pipeline.even([3, 5, 2, 0]).not_in_payments, 1);
}
