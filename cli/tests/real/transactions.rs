//! Transactions: open, aborted, committed, and the offsets that their markers take.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use fraudstream::audit::AuditError;
use fraudstream::audit::books::What;
use kafka::{Handed, HeaderList, LogError, Outgoing, Produce as _, TransactionalProducer};
use store::Table;
use tokio::time::timeout;

use crate::support::pipeline::{Output, Pipeline};

/// A detector that only sends.
fn producer(pipeline: &Pipeline) -> TransactionalProducer {
    let (id, interval) = (
        pipeline.cluster.name("transactions"),
        Duration::from_millis(5),
    );
    let mut producer = TransactionalProducer::new(
        &pipeline.config.kafka,
        &id,
        interval,
        1 << 20,
        Arc::default(),
    );
    producer.open().unwrap();
    producer.begin().unwrap();
    producer
}

/// Sends payments to the output of legitimate ones, inside of the open transaction.
fn send(
    pipeline: &Pipeline,
    producer: &mut TransactionalProducer,
    numbers: impl IntoIterator<Item = i64>,
) {
    for number in numbers {
        let mut headers = HeaderList::default();
        headers.push_text("fs-source", format_args!("{}", pipeline.named(number)));
        headers.push_text(
            "fs-topic-id",
            format_args!("{}", pipeline.ids[&pipeline.names.payments]),
        );
        headers.push_text("fs-time", format_args!("1"));
        headers.push_text("fs-decided", format_args!("2"));
        let topic = pipeline.topic(Output::Legit);
        let record = Outgoing {
            topic,
            key: None,
            payload: Some(b"{}"),
            headers: &headers,
        };
        assert_eq!(producer.send(record).unwrap(), Handed::Queued);
    }
    while !producer.drain().unwrap() {}
}

#[tokio::test]
async fn what_was_aborted_does_not_count_and_its_offsets_are_no_loss() {
    let mut pipeline = Pipeline::real().await;
    pipeline.produce(4);
    let mut producer = producer(&pipeline);
    send(&pipeline, &mut producer, 0..4);
    producer.abort().unwrap();
    producer.begin().unwrap();
    send(&pipeline, &mut producer, 0..4);
    producer.commit().unwrap();
    producer.begin().unwrap();
    send(&pipeline, &mut producer, 0..2);
    producer.abort().unwrap();
    pipeline.commit_all();
    // Four aborted and their marker, then these four.
    pipeline.store(Table::Legit, 0..4, 9).await;
    pipeline.assert_even([0, 4, 0, 0]).await;
}

#[tokio::test]
async fn a_transaction_that_is_open_when_the_reading_begins_is_waited_for() {
    let mut pipeline = Pipeline::real().await;
    pipeline.produce(6);
    let mut producer = producer(&pipeline);
    send(&pipeline, &mut producer, 0..6);
    // Its offsets are committed as far as anybody can see, and its records are hidden yet: as between two markers.
    pipeline.commit_all();
    let mut reading = pin!(pipeline.assert_even([0, 0, 0, 6]));
    let early = timeout(Duration::from_secs(2), &mut reading).await;
    assert!(early.is_err(), "it did not wait for the transaction");
    producer.commit().unwrap();
    let totals = reading.await;
    assert_eq!((totals.to_decide, totals.to_store), (0, 6));
}

#[tokio::test]
async fn a_transaction_that_stays_open_past_the_deadline_leaves_the_question_open() {
    let mut pipeline = Pipeline::real().await;
    pipeline.produce(6);
    let mut producer = producer(&pipeline);
    send(&pipeline, &mut producer, 0..6);
    pipeline.commit_all();
    pipeline.config.deadline = Duration::from_secs(3);
    let error = pipeline.try_audit().await.unwrap_err();
    let AuditError::Log(LogError::OutOfTime {
        topic,
        partition,
        reached,
        end,
        why,
        ..
    }) = &error
    else {
        panic!("out of time: {error}");
    };
    assert_eq!(
        (topic.as_str(), *partition, *reached, *end),
        (pipeline.topic(Output::Legit), 0, 0, 6)
    );
    assert_eq!(why, "a transaction is still open there");
    producer.abort().unwrap();
}

#[tokio::test]
async fn in_an_emptied_log_a_position_is_lawful_behind_the_last_marker_and_not_before_it() {
    let mut pipeline = Pipeline::real().await;
    pipeline.produce(4);
    let mut producer = producer(&pipeline);
    send(&pipeline, &mut producer, 0..4);
    producer.commit().unwrap();
    pipeline.commit_all();
    // The last record is 3, and its marker 4.
    pipeline.store(Table::Legit, 0..4, 5).await;
    pipeline
        .cluster
        .delete_records(pipeline.topic(Output::Legit), 0, 5);
    pipeline.assert_even([0, 4, 0, 0]).await;
    pipeline.store(Table::Legit, [], 4).await;
    let balance = pipeline.audit().await;
    let found = balance.findings.iter();
    let found: Vec<_> = found.map(|finding| (finding.what, finding.count)).collect();
    assert_eq!(found, [(What::Position, 1)]);
}

#[tokio::test]
async fn an_open_transaction_of_a_payment_s_producer_has_produced_nothing() {
    let mut pipeline = Pipeline::real().await;
    pipeline.produce(2);
    let mut producer = producer(&pipeline);
    let headers = HeaderList::default();
    let payments = pipeline.names.payments.clone();
    let record = Outgoing {
        topic: &payments,
        key: None,
        payload: Some(b"{}"),
        headers: &headers,
    };
    producer.send(record).unwrap();
    while !producer.drain().unwrap() {}
    assert_eq!(pipeline.assert_even([0, 0, 0, 2]).await.produced, 2);
    producer.commit().unwrap();
    assert_eq!(pipeline.assert_even([0, 0, 0, 3]).await.produced, 3);
}
