//! A pipeline at work is in order: whatever moves between two readings is on its way, not missing and not ahead.

use std::sync::Arc;

use store::Table;
use tokio_util::sync::CancellationToken;

use crate::pipeline::{Output, Pipeline};

/// Payments that come in, more than are worked through meanwhile.
const COUNT: i64 = 10_000;
/// Had any reading its place earlier or later, some step of the work would fall between two of them in one of these.
const AUDITS: usize = 8;

async fn audit_while_it_works(pipeline: &Pipeline) {
    for number in 0..AUDITS {
        let balance = pipeline.audit().await;
        assert_eq!(balance.findings, [], "audit {number}");
        let at_work = 0 < balance.totals.in_flight && balance.totals.in_flight < COUNT as u64;
        assert!(at_work || number == 0, "{:?}", balance.totals);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_detector_works_nothing_is_missing() {
    let mut pipeline = Pipeline::any().await;
    pipeline.produce(COUNT);
    pipeline.decide(Output::Dead, 0..2);
    pipeline.commit(&[(0, 1), (1, 1)]);
    let (pipeline, enough) = (Arc::new(pipeline), CancellationToken::new());
    let (detector, stop) = (Arc::clone(&pipeline), enough.clone());
    let working = tokio::task::spawn_blocking(move || {
        for number in (2..COUNT).step_by(2).take_while(|_| !stop.is_cancelled()) {
            detector.decide(Output::Legit, [number, number + 1]);
            detector.commit(&[(0, number / 2 + 1), (1, number / 2 + 1)]);
        }
    });
    audit_while_it_works(&pipeline).await;
    enough.cancel();
    working.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_processor_works_nothing_is_missing_and_nothing_ahead() {
    let mut pipeline = Pipeline::any().await;
    pipeline.produce(COUNT);
    pipeline.decide(Output::Legit, 0..COUNT);
    pipeline.commit_all();
    let (pipeline, enough) = (Arc::new(pipeline), CancellationToken::new());
    let (processor, stop) = (Arc::clone(&pipeline), enough.clone());
    let working = tokio::spawn(async move {
        for number in (0..COUNT).take_while(|_| !stop.is_cancelled()) {
            processor.store(Table::Legit, [number], number + 1).await;
        }
    });
    audit_while_it_works(&pipeline).await;
    enough.cancel();
    working.await.unwrap();
}
