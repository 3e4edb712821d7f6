//! Payments in the wrong place, and positions that cannot be right.

use super::*;

#[test]
fn a_payment_in_the_table_of_the_other_verdict_is_misrouted() {
    let mut pipeline = pipeline(10);
    pipeline.all_rest(8);
    pipeline.sent(Kind::Fraud, 8);
    pipeline.row(Kind::Legit, 8);
    pipeline.sent(Kind::Legit, 9);
    pipeline.row(Kind::Fraud, 9);
    let totals = pipeline.uneven(
        What::Misrouted,
        2,
        &[
            "payments/0/8: on topic fraud_payments, in table legit_payments",
            "payments/0/9: on topic legit_topic, in table fraud_payments",
        ],
    );
    assert_eq!((totals.missing, totals.doubled), (0, 0));
}

#[test]
fn a_record_on_the_output_of_the_other_verdict_is_misrouted() {
    let mut pipeline = pipeline(10);
    pipeline.all_rest(9);
    let place = pipeline.place(Kind::Legit);
    pipeline.books.record(
        Kind::Legit,
        place,
        Origin::Payment(source(9), Some(Kind::Fraud)),
    );
    pipeline.row(Kind::Legit, 9);
    pipeline.uneven(
        What::Misrouted,
        1,
        &["payments/0/9: on topic legit_topic, in table legit_payments"],
    );
}

#[test]
fn a_detector_s_position_that_was_moved_back_is_found() {
    let mut pipeline = pipeline(7);
    pipeline.all_rest(10);
    pipeline.books.undecided(0, Some(7));
    let at =
        |offset: i64| format!("payments/0/{offset}: on topic legit_topic, in table legit_payments");
    let examples = [at(7), at(8), at(9)];
    let totals = pipeline.uneven(
        What::DecidedAhead,
        3,
        &examples.each_ref().map(String::as_str),
    );
    assert_eq!(totals.decided_ahead, 3);
}

#[test]
fn a_detector_that_went_on_meanwhile_is_not_ahead_of_itself() {
    let mut pipeline = pipeline(7);
    pipeline.all_rest(10);
    pipeline.books.undecided(0, Some(10));
    pipeline.even([3, 5, 2, 0]);
}

#[test]
fn a_sink_s_position_that_was_moved_back_is_found() {
    let mut pipeline = pipeline(10);
    pipeline.all_rest(10);
    pipeline.books.waiting(source(2));
    pipeline.books.to_come(source(2));
    let example = "payments/0/2: on topic fraud_payments, in table fraud_payments";
    assert_eq!(
        pipeline
            .uneven(What::StoredAhead, 1, &[example])
            .stored_ahead,
        1
    );
}

#[test]
fn a_repetition_that_is_to_come_does_not_make_the_row_of_the_first_one_ahead() {
    let mut pipeline = pipeline(10);
    pipeline.all_rest(10);
    pipeline.sent(Kind::Fraud, 2);
    pipeline.books.waiting(source(2));
    pipeline.books.to_come(source(2));
    let again = "payments/0/2: on topic fraud_payments, and again at fraud_payments/4/3";
    pipeline.uneven(What::Doubled, 1, &[again]);
}

#[test]
fn what_is_to_come_and_in_no_table_is_in_order() {
    let mut pipeline = pipeline(10);
    pipeline.all_rest(9);
    pipeline.sent(Kind::Legit, 9);
    pipeline.books.waiting(source(9));
    pipeline.books.to_come(source(9));
    pipeline.even([3, 4, 2, 1]);
}

#[test]
fn an_impossible_position_unbalances_the_books() {
    let mut pipeline = pipeline(10);
    pipeline.all_rest(10);
    pipeline
        .books
        .impossible("fraud-processor is past the end".into());
    pipeline.uneven(What::Position, 1, &["fraud-processor is past the end"]);
}
