//! Payments that are gone.

use super::*;

#[test]
fn decided_and_on_no_output_is_missing() {
    let mut pipeline = pipeline(10);
    pipeline.all_rest(9);
    let totals = pipeline.uneven(
        What::Undelivered,
        1,
        &["payments/0/9: on no output and in no table"],
    );
    assert_eq!((totals.missing, totals.in_flight), (1, 0));
}

#[test]
fn a_position_of_the_detector_beyond_what_it_decided_makes_everything_before_it_missing() {
    let mut pipeline = pipeline(10);
    pipeline.all_rest(5);
    let at = |offset: i64| format!("payments/0/{offset}: on no output and in no table");
    let examples = [at(5), at(6), at(7)];
    let totals = pipeline.uneven(
        What::Undelivered,
        5,
        &examples.each_ref().map(String::as_str),
    );
    assert_eq!(totals.missing, 5);
}

#[test]
fn before_the_sink_s_position_and_in_no_table_is_missing() {
    let mut pipeline = pipeline(10);
    pipeline.all_rest(8);
    pipeline.sent(Kind::Legit, 8);
    pipeline.sent(Kind::Fraud, 9);
    let totals = pipeline.uneven(
        What::Unstored,
        2,
        &[
            "payments/0/8: on topic legit_topic, in no table",
            "payments/0/9: on topic fraud_payments, in no table",
        ],
    );
    assert_eq!((totals.missing, totals.in_flight), (2, 0));
}

#[test]
fn examples_are_few_and_counts_are_whole() {
    let mut pipeline = pipeline(10);
    let balance = pipeline.close();
    assert_eq!(
        (
            balance.findings[0].count,
            balance.findings[0].examples.len()
        ),
        (10, 3)
    );
}

#[test]
fn several_kinds_of_trouble_are_told_apart() {
    let mut pipeline = pipeline(10);
    pipeline.all_rest(8);
    pipeline.sent(Kind::Fraud, 1);
    pipeline.sent(Kind::Legit, 8);
    let balance = pipeline.close();
    let found: Vec<_> = balance
        .findings
        .iter()
        .map(|finding| (finding.what, finding.count))
        .collect();
    assert_eq!(
        found,
        [
            (What::Undelivered, 1),
            (What::Unstored, 1),
            (What::Doubled, 1)
        ]
    );
    assert_eq!((balance.totals.missing, balance.totals.doubled), (2, 1));
}
