//! `audit --follow`: gauges that do not flicker.

use std::time::{Duration, Instant};

use fraudstream::audit::follow;
use prometheus::Registry;
use service::Process;
use store::{Relation, Table};

use crate::support::pipeline::{Output, Pipeline};

/// Waits until the gauges have these values; any other on the way is told to `seen`.
async fn until(
    process: &Process,
    expected: &[(&str, i64)],
    mut seen: impl FnMut(&dyn Fn(&str) -> Option<i64>),
) {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        let families = process.registry.gather();
        let value = |name: &str| {
            let family = families
                .iter()
                .find(|family| family.name() == format!("fraudstream_books_{name}"))?;
            Some(family.get_metric().first()?.get_gauge().get_value() as i64)
        };
        seen(&value);
        if expected
            .iter()
            .all(|(name, expected)| value(name) == Some(*expected))
        {
            return;
        }
        let values: Vec<_> = expected
            .iter()
            .map(|(name, _)| (*name, value(name)))
            .collect();
        assert!(Instant::now() < end, "{values:?} are not {expected:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gauges_follow_the_payments_and_nothing_is_missing_in_between() {
    let mut pipeline = Pipeline::any().await;
    let process = Process::new(Registry::new()).unwrap();
    let following = tokio::spawn(follow(pipeline.config.clone(), process.clone()));
    let never_missing = |value: &dyn Fn(&str) -> Option<i64>| {
        assert!(value("missing").is_none_or(|missing| missing == 0));
    };

    pipeline.produce(100);
    until(
        &process,
        &[("produced", 100), ("in_flight", 100), ("balanced", 1)],
        never_missing,
    )
    .await;
    pipeline.decide(Output::Fraud, 0..30);
    pipeline.decide(Output::Legit, 30..100);
    pipeline.commit_all();
    pipeline.store(Table::Fraud, 0..30, 30).await;
    until(&process, &[("fraud", 30), ("in_flight", 70)], never_missing).await;
    pipeline.store(Table::Legit, 30..100, 70).await;
    let rest = [
        ("produced", 100),
        ("fraud", 30),
        ("legit", 70),
        ("in_flight", 0),
        ("balanced", 1),
    ];
    until(&process, &rest, never_missing).await;
    assert!(
        process
            .health
            .readiness()
            .await
            .answers()
            .all(|(_, answer)| answer.is_ok())
    );

    pipeline.delete_row(Relation::LegitPayments, 50).await;
    until(
        &process,
        &[("missing", 1), ("legit", 69), ("balanced", 0)],
        |_| (),
    )
    .await;
    pipeline.decide(Output::Fraud, [3]);
    pipeline.store(Table::Fraud, [], 31).await;
    until(
        &process,
        &[("missing", 1), ("doubled", 1), ("fraud", 30)],
        |_| (),
    )
    .await;

    process.shutdown.cancel();
    following.await.unwrap().unwrap();
}
