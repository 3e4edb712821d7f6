//! Alerts, leased and marked.

use std::collections::BTreeSet;

use store::{Alert, Batch, Database, Store};

use crate::bench::Bench;
use crate::databases::on_every_database;
use crate::rows::{SINK, alert, moving, partition};

const MINUTE: i64 = 60_000;

/// Raises alerts at these times.
async fn raise(bench: &Bench, times: impl IntoIterator<Item = i64>) {
    let claim = bench.store.claim(SINK, &partition(), "a").await.unwrap();
    let alerts = times
        .into_iter()
        .enumerate()
        .map(|(offset, time)| alert(offset as i64, time))
        .collect();
    let batch = Batch {
        alerts,
        ..moving(claim, claim.next_offset.unwrap_or_default() + 1)
    };
    let _ = bench.store.commit(&batch).await.unwrap();
}

fn offsets(alerts: &[Alert]) -> Vec<i64> {
    alerts.iter().map(|alert| alert.key.offset).collect()
}

async fn due(store: &Store, owner: &str, now: i64) -> Vec<Alert> {
    store.lease_alerts(owner, 100, MINUTE, now).await.unwrap()
}

#[tokio::test]
async fn alerts_are_leased_once_in_the_order_they_were_raised_and_not_before() {
    on_every_database(|bench| async move {
        raise(&bench, [300, 100, 200, 9_000]).await;
        let first = bench
            .store
            .lease_alerts("a", 2, MINUTE, 1_000)
            .await
            .unwrap();
        assert_eq!(offsets(&first), [1, 2]);
        assert_eq!(first[0].id, "payments/0/1");
        assert_eq!(first[0].body, alert(1, 0).body);
        assert_eq!((first[0].attempt, first[0].created_at), (1, 100));
        let second = due(&bench.replica().await, "b", 1_000).await;
        assert_eq!(offsets(&second), [0]);
        assert_eq!(offsets(&due(&bench.store, "a", 1_001).await), []);
    })
    .await;
}

#[tokio::test]
async fn replicas_that_lease_at_once_share_the_work() {
    on_every_database(|bench| async move {
        raise(&bench, 0..200).await;
        let mut replicas = tokio::task::JoinSet::new();
        for owner in ["a", "b", "c", "d"] {
            let store = bench.replica().await;
            replicas.spawn(async move {
                let mut leased = Vec::new();
                loop {
                    match store.lease_alerts(owner, 7, MINUTE, 1_000).await {
                        Ok(alerts) if alerts.is_empty() => return leased,
                        Ok(alerts) => leased.extend(offsets(&alerts)),
                        Err(error) => assert_eq!(error.fate(), store::Fate::Again, "{error}"),
                    }
                }
            });
        }
        let all: Vec<i64> = replicas.join_all().await.into_iter().flatten().collect();
        assert_eq!(all.len(), 200);
        assert_eq!(all.into_iter().collect::<BTreeSet<_>>().len(), 200);
    })
    .await;
}

#[tokio::test]
async fn a_lease_that_ran_out_makes_the_alert_due_again() {
    on_every_database(|bench| async move {
        raise(&bench, [0]).await;
        let lost = due(&bench.store, "a", 1_000).await.remove(0);
        assert_eq!(due(&bench.store, "b", 1_000 + MINUTE - 1).await, []);
        let again = due(&bench.store, "b", 1_000 + MINUTE).await.remove(0);
        assert_eq!((again.attempt, &again.id), (2, &lost.id));
        assert!(
            !bench
                .store
                .mark_retry(&lost, 5_000, "too late")
                .await
                .unwrap()
        );
        assert!(!bench.store.mark_failed(&lost, "too late").await.unwrap());
        assert!(
            bench.store.mark_delivered(&lost).await.unwrap(),
            "a delivery is a fact"
        );
        assert!(!bench.store.mark_delivered(&again).await.unwrap());
        assert!(!bench.store.mark_retry(&again, 5_000, "500").await.unwrap());
        assert_eq!(due(&bench.store, "c", 10 * MINUTE).await, []);
    })
    .await;
}

#[tokio::test]
async fn an_alert_to_be_retried_comes_back_at_its_time() {
    on_every_database(|bench| async move {
        raise(&bench, [0]).await;
        let mut alert = due(&bench.store, "a", 1_000).await.remove(0);
        for attempt in 1..4 {
            assert_eq!(alert.attempt, attempt);
            let (pause, before) = (attempt * MINUTE, bench.store.now_ms().await.unwrap());
            assert!(
                bench
                    .store
                    .mark_retry(&alert, pause, &"long ".repeat(1_000))
                    .await
                    .unwrap()
            );
            let after = bench.store.now_ms().await.unwrap();
            assert_eq!(due(&bench.store, "a", before + pause - 1).await, []);
            alert = due(&bench.store, "b", after + pause).await.remove(0);
        }
    })
    .await;
}

#[tokio::test]
async fn an_alert_raised_by_a_clock_that_is_ahead_is_due_at_once() {
    on_every_database(|bench| async move {
        let ahead = bench.store.now_ms().await.unwrap() + 60 * MINUTE;
        raise(&bench, [ahead]).await;
        let now = bench.store.now_ms().await.unwrap();
        let alerts = due(&bench.store, "a", now).await;
        assert_eq!(offsets(&alerts), [0]);
        assert_eq!(alerts[0].created_at, ahead, "when it was raised stays");
    })
    .await;
}

#[tokio::test]
async fn the_databases_clock_is_the_wall_clock_in_milliseconds() {
    on_every_database(|bench| async move {
        let wall = std::time::UNIX_EPOCH.elapsed().unwrap().as_millis() as i64;
        let now = bench.store.now_ms().await.unwrap();
        assert!((now - wall).abs() < MINUTE, "{now} is not near {wall}");
    })
    .await;
}

#[tokio::test]
async fn a_failed_alert_is_not_tried_again_and_keeps_its_error() {
    on_every_database(|bench| async move {
        raise(&bench, [0]).await;
        let alert = due(&bench.store, "a", 1_000).await.remove(0);
        assert!(
            bench
                .store
                .mark_failed(&alert, "404 Not Found")
                .await
                .unwrap()
        );
        assert_eq!(due(&bench.store, "a", 100 * MINUTE).await, []);
        assert_eq!(
            bench
                .text("SELECT last_error FROM alerts WHERE state = 'failed'")
                .await
                .unwrap(),
            "404 Not Found"
        );
    })
    .await;
}

#[tokio::test]
async fn the_latest_alerts_are_those_that_wait_and_the_newest_first() {
    on_every_database(|bench| async move {
        raise(&bench, [100, 300, 200]).await;
        let delivered = bench
            .store
            .lease_alerts("a", 1, MINUTE, 150)
            .await
            .unwrap()
            .remove(0);
        assert!(bench.store.mark_delivered(&delivered).await.unwrap());
        let recent = bench.store.recent_alerts(10).await.unwrap();
        let times: Vec<i64> = recent.iter().map(|alert| alert.created_at).collect();
        assert_eq!(times, [300, 200]);
        assert_eq!(recent[0].id, "payments/0/1");
        assert_eq!(bench.store.recent_alerts(1).await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn alerts_that_wait_are_counted_until_the_limit() {
    on_every_database(|bench| async move {
        assert_eq!(bench.store.pending_alerts(10).await.unwrap(), 0);
        raise(&bench, 0..5).await;
        let leased = due(&bench.store, "a", 1_000).await;
        assert_eq!(bench.store.pending_alerts(10).await.unwrap(), 5);
        assert_eq!(bench.store.pending_alerts(3).await.unwrap(), 3);
        assert!(bench.store.mark_delivered(&leased[0]).await.unwrap());
        assert!(bench.store.mark_failed(&leased[1], "404").await.unwrap());
        assert_eq!(bench.store.pending_alerts(10).await.unwrap(), 3);
    })
    .await;
}
