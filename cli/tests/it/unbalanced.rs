//! The audit can fail. Each kind of damage is done to a pipeline at rest, found, and named.

use fraudstream::audit::books::What;
use store::{Relation, Table};

use crate::support::pipeline::{Output, Pipeline};

/// Ten payments at rest: 0 to 2 fraud, 3 on the DLQ, the others legitimate.
async fn at_rest() -> Pipeline {
    let mut pipeline = Pipeline::any().await;
    pipeline.produce(10);
    pipeline.decide(Output::Fraud, 0..3);
    pipeline.decide(Output::Dead, 3..4);
    pipeline.decide(Output::Legit, 4..10);
    pipeline.commit_all();
    pipeline.store(Table::Fraud, 0..3, 3).await;
    pipeline.store(Table::Legit, 4..10, 6).await;
    pipeline.assert_even([3, 6, 1, 0]).await;
    pipeline
}

#[tokio::test]
async fn deleted_rows_are_missing() {
    let pipeline = at_rest().await;
    pipeline.delete_row(Relation::FraudPayments, 1).await;
    pipeline.delete_row(Relation::LegitPayments, 9).await;
    let totals = pipeline.assert_uneven(What::Unstored, &[1, 9]).await;
    assert_eq!((totals.missing, totals.fraud, totals.legit), (2, 2, 5));
}

#[tokio::test]
async fn a_record_that_was_written_twice_is_doubled_though_its_row_is_one() {
    let pipeline = at_rest().await;
    pipeline.decide(Output::Legit, [7]);
    pipeline.store(Table::Legit, [], 7).await;
    let totals = pipeline.assert_uneven(What::Doubled, &[7]).await;
    assert_eq!((totals.doubled, totals.legit, totals.missing), (1, 6, 0));
}

#[tokio::test]
async fn a_record_that_was_written_to_both_outputs_is_doubled() {
    let pipeline = at_rest().await;
    pipeline.decide(Output::Fraud, [7]);
    pipeline.store(Table::Fraud, [], 4).await;
    pipeline.assert_uneven(What::Doubled, &[7]).await;
}

#[tokio::test]
async fn a_row_in_both_tables_is_doubled() {
    let pipeline = at_rest().await;
    pipeline.store(Table::Fraud, [8], 3).await;
    let totals = pipeline.assert_uneven(What::Doubled, &[8]).await;
    assert_eq!(totals.missing, 0);
}

#[tokio::test]
async fn a_row_in_the_wrong_table_is_misrouted() {
    let pipeline = at_rest().await;
    pipeline.delete_row(Relation::LegitPayments, 8).await;
    pipeline.store(Table::Fraud, [8], 3).await;
    let totals = pipeline.assert_uneven(What::Misrouted, &[8]).await;
    assert_eq!((totals.missing, totals.doubled), (0, 0));
}

#[tokio::test]
async fn a_sink_s_position_beyond_what_it_stored_makes_that_missing() {
    let mut pipeline = at_rest().await;
    pipeline.produce(4);
    pipeline.commit_all();
    pipeline.decide(Output::Legit, 0..0);
    let numbers = [10, 11, 12, 13];
    pipeline.decide(Output::Legit, numbers);
    pipeline.assert_even([3, 6, 1, 4]).await;
    let moved = format!(
        "UPDATE sink_offset SET next_offset = 9 WHERE topic = '{}'",
        pipeline.topic(Output::Legit)
    );
    assert_eq!(pipeline.database.sql(&moved).await, 1);
    let totals = pipeline.assert_uneven(What::Unstored, &numbers[..3]).await;
    assert_eq!((totals.missing, totals.in_flight), (3, 1));
}

#[tokio::test]
async fn a_sink_s_position_that_was_moved_back_is_found() {
    let pipeline = at_rest().await;
    let moved = format!(
        "UPDATE sink_offset SET next_offset = 4 WHERE topic = '{}'",
        pipeline.topic(Output::Legit)
    );
    assert_eq!(pipeline.database.sql(&moved).await, 1);
    pipeline.assert_uneven(What::StoredAhead, &[8, 9]).await;
}

#[tokio::test]
async fn a_sink_s_position_past_the_end_of_its_log_is_found() {
    let pipeline = at_rest().await;
    let topic = pipeline.topic(Output::Legit);
    let moved = format!("UPDATE sink_offset SET next_offset = 60 WHERE topic = '{topic}'");
    assert_eq!(pipeline.database.sql(&moved).await, 1);
    let balance = pipeline.audit().await;
    let [finding] = balance.findings.as_slice() else {
        panic!("one finding: {:?}", balance.findings)
    };
    assert_eq!(finding.what, What::Position);
    let place = format!("legit-processor is at {topic}/0/60");
    assert!(
        finding.examples[0].starts_with(&place),
        "{}",
        finding.examples[0]
    );
}

#[tokio::test]
async fn a_deleted_position_says_that_everything_will_be_stored_again() {
    let pipeline = at_rest().await;
    let topic = pipeline.topic(Output::Fraud);
    assert_eq!(
        pipeline
            .database
            .sql(&format!("DELETE FROM sink_offset WHERE topic = '{topic}'"))
            .await,
        1
    );
    pipeline.assert_uneven(What::StoredAhead, &[0, 1, 2]).await;
}

#[tokio::test]
async fn a_detector_s_position_beyond_undecided_payments_makes_them_missing() {
    let mut pipeline = at_rest().await;
    pipeline.produce(4);
    pipeline.assert_even([3, 6, 1, 4]).await;
    pipeline.commit(&[(0, 7), (1, 6)]);
    let totals = pipeline
        .assert_uneven(What::Undelivered, &[10, 11, 12])
        .await;
    assert_eq!((totals.missing, totals.in_flight), (3, 1));
}

#[tokio::test]
async fn a_detector_s_position_past_the_end_of_payments_is_found() {
    let pipeline = at_rest().await;
    pipeline.commit(&[(1, 50)]);
    let balance = pipeline.audit().await;
    let [finding] = balance.findings.as_slice() else {
        panic!("one finding: {:?}", balance.findings)
    };
    assert_eq!(finding.what, What::Position);
    assert!(
        finding.examples[0].contains(&format!("{}/1/50", pipeline.names.payments)),
        "{}",
        finding.examples[0]
    );
}

#[tokio::test]
async fn a_foreign_record_that_was_skipped_is_found() {
    let pipeline = at_rest().await;
    pipeline.write_foreign(Output::Fraud, 1);
    pipeline.store(Table::Fraud, [], 4).await;
    let balance = pipeline.audit().await;
    let [finding] = balance.findings.as_slice() else {
        panic!("one finding: {:?}", balance.findings)
    };
    assert_eq!((finding.what, finding.count), (What::OthersUnstored, 1));
    assert_eq!((balance.totals.missing, balance.totals.foreign), (0, 1));
}

#[tokio::test]
async fn several_damages_at_once_are_told_apart() {
    let pipeline = at_rest().await;
    pipeline.delete_row(Relation::FraudPayments, 0).await;
    pipeline.decide(Output::Legit, [4]);
    pipeline.store(Table::Legit, [], 7).await;
    let balance = pipeline.audit().await;
    let found: Vec<_> = balance
        .findings
        .iter()
        .map(|finding| (finding.what, finding.count))
        .collect();
    assert_eq!(found, [(What::Unstored, 1), (What::Doubled, 1)]);
}
