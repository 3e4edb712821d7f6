//! Logs that lose their beginning, or are made anew under their old name.

use std::time::Duration;

use fraudstream::audit::books::What;
use fraudstream::audit::{AuditError, Auditor};
use kafka::Limits;
use store::Table;
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

use crate::support::pipeline::{Output, Pipeline};

/// Ten payments at rest, all of them legitimate.
async fn at_rest() -> Pipeline {
    let mut pipeline = Pipeline::real().await;
    pipeline.produce(10);
    pipeline.decide(Output::Legit, 0..10);
    pipeline.commit_all();
    pipeline.store(Table::Legit, 0..10, 10).await;
    pipeline
}

#[tokio::test]
async fn payments_that_retention_took_are_not_counted_and_not_missed() {
    let pipeline = at_rest().await;
    pipeline
        .cluster
        .delete_records(&pipeline.names.payments, 0, 3);
    let totals = pipeline.assert_even([0, 7, 0, 0]).await;
    assert_eq!((totals.produced, totals.before_start), (7, 3));
    let balance = pipeline.audit().await;
    assert_eq!(
        (balance.partitions[&0].0.low, balance.partitions[&1].0.low),
        (3, 0)
    );
}

#[tokio::test]
async fn outputs_that_retention_took_are_vouched_for_by_their_rows() {
    let pipeline = at_rest().await;
    pipeline
        .cluster
        .delete_records(&pipeline.names.legit, 0, 10);
    pipeline.assert_even([0, 10, 0, 0]).await;
}

#[tokio::test]
async fn what_retention_took_before_it_was_stored_is_missing_and_the_position_is_complained_of() {
    let mut pipeline = at_rest().await;
    pipeline.produce(6);
    pipeline.decide(Output::Legit, 10..16);
    pipeline.commit_all();
    pipeline
        .cluster
        .delete_records(&pipeline.names.legit, 0, 14);
    let balance = pipeline.audit().await;
    let found: Vec<_> = balance
        .findings
        .iter()
        .map(|finding| (finding.what, finding.count))
        .collect();
    assert_eq!(found, [(What::Undelivered, 4), (What::Position, 1)]);
    assert!(
        balance.findings[1].examples[0].contains("up to 4 records"),
        "{:?}",
        balance.findings
    );
    assert_eq!((balance.totals.missing, balance.totals.in_flight), (4, 2));
}

#[tokio::test]
async fn payments_of_a_topic_that_was_made_anew_are_neither_missing_nor_doubled() {
    let mut pipeline = at_rest().await;
    let payments = pipeline.names.payments.clone();
    pipeline.cluster.delete(&payments);
    pipeline.cluster.create(&payments, 2, &[]);
    pipeline.start_anew();
    let totals = pipeline.assert_even([0, 0, 0, 0]).await;
    assert_eq!((totals.produced, totals.earlier_topic), (0, 10));
    pipeline.produce(4);
    pipeline.decide(Output::Legit, 0..4);
    pipeline.commit_all();
    pipeline.store(Table::Legit, 0..4, 14).await;
    let totals = pipeline.assert_even([0, 4, 0, 0]).await;
    assert_eq!((totals.produced, totals.earlier_topic), (4, 10));
}

#[tokio::test]
async fn a_detector_s_position_that_was_moved_back_is_found() {
    let pipeline = at_rest().await;
    pipeline.commit(&[(0, 5), (1, 3)]);
    pipeline.assert_uneven(What::DecidedAhead, &[7, 9]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_output_that_was_made_anew_while_records_waited_is_told_by_its_name() {
    let mut pipeline = Pipeline::real().await;
    pipeline.produce(20);
    pipeline.decide(Output::Legit, 0..20);
    pipeline.commit_all();
    pipeline.store(Table::Legit, 0..15, 15).await;
    let limits = || Limits::within(Duration::from_secs(60), CancellationToken::new());
    let (config, runtime) = (pipeline.config.clone(), Handle::current());
    let mut auditor = spawn_blocking(move || {
        let mut auditor = Auditor::open(&config, 5, runtime, &limits()).unwrap();
        assert!(auditor.round(&limits()).unwrap().is_even());
        auditor
    })
    .await
    .unwrap();

    // The position 15 lies outside of the new log, and so does all that was read of the old one.
    let legit = pipeline.names.legit.clone();
    pipeline.cluster.delete(&legit);
    pipeline.cluster.create(&legit, 1, &[]);
    pipeline.decide(Output::Legit, 0..3);
    let error = spawn_blocking(move || auditor.round(&limits()).unwrap_err())
        .await
        .unwrap();
    assert!(
        matches!(&error, AuditError::Renewed(topic) if *topic == legit),
        "{error}"
    );
}
