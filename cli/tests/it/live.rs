//! A pipeline at work is in order: whatever moves between two readings is on its way, not missing and not ahead.

use std::sync::Arc;

use store::Table;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use crate::support::pipeline::{Output, Pipeline};

/// Payments that come in.
const COUNT: i64 = 10_000;
/// Had any reading its place earlier or later, some step of the work would fall between two of them in one of these.
const AUDITS: i64 = 8;
/// Payments that are worked through beside each audit at most: there is always something left.
const PER_AUDIT: i64 = COUNT / (AUDITS + 1);

/// What may be worked through yet. Whoever works ends with it, however the test ends: a runtime waits for its threads.
struct Allowance(Arc<Semaphore>);

impl Drop for Allowance {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// Takes one step of it; `false` once there is nothing more to come.
async fn allowed(allowance: &Semaphore) -> bool {
    allowance.acquire().await.map(|one| one.forget()).is_ok()
}

async fn audit_while_it_works(pipeline: &Pipeline, allowance: Allowance) {
    for number in 0..AUDITS {
        allowance.0.add_permits(PER_AUDIT as usize);
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
    let (pipeline, allowance) = (Arc::new(pipeline), Arc::new(Semaphore::new(0)));
    let (detector, left) = (Arc::clone(&pipeline), Arc::clone(&allowance));
    let runtime = Handle::current();
    let working = tokio::task::spawn_blocking(move || {
        let sender = detector.transactional_detector();
        let may = |_: &i64| runtime.block_on(allowed(&left));
        for number in (2..COUNT).step_by(2).take_while(may) {
            let next = number / 2 + 1;
            let next = [(0, next), (1, next)];
            detector.decide_and_commit(&sender, Output::Legit, [number, number + 1], &next);
        }
    });
    audit_while_it_works(&pipeline, Allowance(allowance)).await;
    working.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_processor_works_nothing_is_missing_and_nothing_ahead() {
    let mut pipeline = Pipeline::any().await;
    pipeline.produce(COUNT);
    pipeline.decide(Output::Legit, 0..COUNT);
    pipeline.commit_all();
    let (pipeline, allowance) = (Arc::new(pipeline), Arc::new(Semaphore::new(0)));
    let (processor, left) = (Arc::clone(&pipeline), Arc::clone(&allowance));
    let working = tokio::spawn(async move {
        for number in 0..COUNT {
            if !allowed(&left).await {
                return;
            }
            processor.store(Table::Legit, [number], number + 1).await;
        }
    });
    audit_while_it_works(&pipeline, Allowance(allowance)).await;
    working.await.unwrap();
}
