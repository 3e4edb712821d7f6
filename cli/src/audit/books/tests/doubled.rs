//! Payments that are somewhere more than once.

use super::*;

#[test]
fn one_payment_twice_on_an_output_is_doubled_though_its_key_is_stored_once() {
    let mut pipeline = pipeline(10);
    pipeline.all_rest(10);
    pipeline.sent(Kind::Fraud, 1);
    let again = "payments/0/1: on topic fraud_payments, and again at fraud_payments/4/3";
    let totals = pipeline.uneven(What::Doubled, 1, &[again]);
    assert_eq!((totals.doubled, totals.fraud, totals.missing), (1, 3, 0));
}

#[test]
fn one_payment_on_both_outputs_is_doubled() {
    let mut pipeline = pipeline(10);
    pipeline.all_rest(10);
    pipeline.sent(Kind::Legit, 1);
    let again = "payments/0/1: on topic fraud_payments, and again at legit_topic/4/6";
    pipeline.uneven(What::Doubled, 1, &[again]);
}

#[test]
fn one_payment_on_an_output_and_the_dlq_is_doubled() {
    let mut pipeline = pipeline(10);
    pipeline.all_rest(10);
    pipeline.sent(Kind::Dead, 7);
    let again = "payments/0/7: on topic legit_topic, and again at payments_dlq/4/1";
    pipeline.uneven(What::Doubled, 1, &[again]);
}

#[test]
fn one_payment_in_two_tables_is_doubled() {
    let mut pipeline = pipeline(10);
    pipeline.all_rest(10);
    pipeline.row(Kind::Legit, 0);
    pipeline.row(Kind::Dead, 6);
    let totals = pipeline.uneven(
        What::Doubled,
        2,
        &[
            "payments/0/0: on topic fraud_payments, in table fraud_payments and in another one",
            "payments/0/6: on topic legit_topic, in table legit_payments and in another one",
        ],
    );
    assert_eq!(
        (totals.fraud, totals.legit, totals.dead_lettered),
        (3, 5, 2),
        "each counts once"
    );
}

#[test]
fn what_is_doubled_is_not_called_misrouted_as_well() {
    let mut pipeline = pipeline(10);
    pipeline.all_rest(9);
    pipeline.sent(Kind::Legit, 9);
    pipeline.row(Kind::Fraud, 9);
    pipeline.row(Kind::Legit, 9);
    let example = "payments/0/9: on topic legit_topic, in table fraud_payments and in another one";
    pipeline.uneven(What::Doubled, 1, &[example]);
}

#[test]
fn a_dead_letter_of_the_detector_s_that_is_in_a_table_as_well_is_doubled() {
    let mut pipeline = pipeline(10);
    pipeline.all_rest(10);
    pipeline.row(Kind::Legit, 3);
    pipeline.uneven(
        What::Doubled,
        1,
        &["payments/0/3: on topic payments_dlq, in table legit_payments"],
    );
}

#[test]
fn what_came_three_times_is_one_doubled_payment() {
    let mut pipeline = pipeline(10);
    pipeline.all_rest(10);
    pipeline.sent(Kind::Fraud, 1);
    pipeline.sent(Kind::Fraud, 1);
    let balance = pipeline.close();
    assert_eq!(balance.totals.doubled, 1);
    assert_eq!(
        balance.findings[0].examples.len(),
        2,
        "each repetition is named"
    );
}
