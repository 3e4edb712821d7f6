//! Alerts, leased and marked.

use std::collections::BTreeSet;

use store::{Alert, Batch, Database, Mark, Store};

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

/// Marks one alert, and says whether that was news.
async fn mark(bench: &Bench, alert: &Alert, mark: Mark<'_>) -> bool {
    let news = bench.store.mark_alerts(&[(alert, mark)]).await.unwrap();
    assert_eq!(news.len(), 1);
    news[0]
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
            !mark(
                &bench,
                &lost,
                Mark::Retry {
                    pause_ms: 5_000,
                    why: "too late"
                }
            )
            .await
        );
        assert!(!mark(&bench, &lost, Mark::Failed { why: "too late" }).await);
        assert!(
            mark(&bench, &lost, Mark::Delivered).await,
            "a delivery is a fact"
        );
        assert!(!mark(&bench, &again, Mark::Delivered).await);
        assert!(
            !mark(
                &bench,
                &again,
                Mark::Retry {
                    pause_ms: 5_000,
                    why: "500"
                }
            )
            .await
        );
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
                mark(
                    &bench,
                    &alert,
                    Mark::Retry {
                        pause_ms: pause,
                        why: &"long ".repeat(1_000)
                    }
                )
                .await
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
            mark(
                &bench,
                &alert,
                Mark::Failed {
                    why: "404 Not Found"
                }
            )
            .await
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
        assert!(mark(&bench, &delivered, Mark::Delivered).await);
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
        assert!(mark(&bench, &leased[0], Mark::Delivered).await);
        assert!(mark(&bench, &leased[1], Mark::Failed { why: "404" }).await);
        assert_eq!(bench.store.pending_alerts(10).await.unwrap(), 3);
    })
    .await;
}

#[tokio::test]
async fn alerts_marked_together_are_each_told_what_was_news() {
    on_every_database(|bench| async move {
        raise(&bench, 0..6).await;
        // Two leases of one alert, both by us: the first ran out.
        let stale = bench
            .store
            .lease_alerts("a", 1, MINUTE, 1_000)
            .await
            .unwrap()
            .remove(0);
        let ours = due(&bench.store, "a", 1_000 + MINUTE).await;
        let at = |offset: i64| {
            ours.iter()
                .find(|alert| alert.key.offset == offset)
                .unwrap()
        };
        let retry = Mark::Retry {
            pause_ms: MINUTE,
            why: "503",
        };
        let failed = Mark::Failed { why: "404" };
        let marks = [
            (at(5), Mark::Delivered),
            (at(4), failed),
            (at(3), retry),
            (&stale, Mark::Delivered),
            (at(0), Mark::Delivered),
            (at(0), retry),
            // Put off, and yet it arrived.
            (at(2), retry),
            (at(2), retry),
            (at(2), Mark::Delivered),
            // Given up is given up.
            (at(4), Mark::Delivered),
        ];
        let news = bench.store.mark_alerts(&marks).await.unwrap();
        assert_eq!(
            news,
            [
                true, true, true, true, false, false, true, false, true, false
            ]
        );
        let mut found = Vec::new();
        for offset in 0..6 {
            let column = |column: &str| {
                format!("SELECT {column} FROM alerts WHERE source_offset = {offset}")
            };
            let owner = bench.text(&column("lease_owner")).await;
            found.push((
                bench.text(&column("state")).await.unwrap(),
                bench.text(&column("last_error")).await,
                owner.is_some(),
            ));
        }
        let expected = [
            ("delivered", None, false),
            ("pending", None, true),
            ("delivered", None, false),
            ("pending", Some("503"), false),
            ("failed", Some("404"), false),
            ("delivered", None, false),
        ];
        let expected = expected
            .map(|(state, error, leased)| (state.to_owned(), error.map(str::to_owned), leased));
        assert_eq!(found, expected);
        assert_eq!(bench.store.mark_alerts(&[]).await.unwrap(), []);
    })
    .await;
}
