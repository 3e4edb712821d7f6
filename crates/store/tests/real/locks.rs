//! Locks that others hold.

use std::time::{Duration, Instant};

use sqlx::{Connection, MySqlConnection};
use store::{AlertRow, Batch, Database, Fate, Relation, Trouble};

use crate::bench::{Bench, on_mysql};
use crate::rows::{SINK, alert, moving, partition, payments, stored, storing};
use crate::server;

/// A session of somebody else in a transaction that has done this.
async fn holder(bench: &Bench, statement: &'static str) -> MySqlConnection {
    let mut connection = MySqlConnection::connect(&bench.url).await.unwrap();
    sqlx::raw_sql("BEGIN")
        .execute(&mut connection)
        .await
        .unwrap();
    sqlx::raw_sql(statement)
        .execute(&mut connection)
        .await
        .unwrap();
    connection
}

/// Waits until a session waits for a lock in the bench's MySQL database, and answers with its id.
pub async fn until_blocked(bench: &Bench) -> String {
    let look = "SELECT CAST(thread.processlist_id AS CHAR) FROM performance_schema.data_lock_waits AS waits \
                JOIN performance_schema.data_locks AS wanted ON wanted.engine_lock_id = waits.requesting_engine_lock_id \
                JOIN performance_schema.threads AS thread ON thread.thread_id = wanted.thread_id \
                WHERE wanted.object_schema = DATABASE() LIMIT 1";
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(id) = bench.text(look).await {
            return id;
        }
        assert!(Instant::now() < deadline, "nobody waits for a lock");
    }
}

#[tokio::test]
async fn a_lock_that_is_not_to_be_had_is_reported_after_five_seconds_and_the_same_batch_goes_through_later()
 {
    on_mysql(&server(), |bench| async move {
        let claim = bench.store.claim(SINK, &partition(), "a").await.unwrap();
        let holder = holder(&bench, "SELECT * FROM sink_offset FOR UPDATE").await;
        let batch = storing(claim, 3, payments(0..3));
        let started = Instant::now();
        let error = bench.store.commit(&batch).await.unwrap_err();
        assert_eq!(
            (error.fate(), error.trouble()),
            (Fate::Again, Trouble::Busy),
            "{error}"
        );
        let took = started.elapsed();
        assert!(
            (Duration::from_secs(4)..Duration::from_secs(8)).contains(&took),
            "{took:?}"
        );
        holder.close().await.unwrap();
        assert_eq!(bench.store.commit(&batch).await.unwrap(), stored(3));
    })
    .await;
}

#[tokio::test]
async fn a_deadlock_undoes_the_batch_and_the_same_batch_goes_through_later() {
    on_mysql(&server(), |bench| async move {
        let claim = bench.store.claim(SINK, &partition(), "a").await.unwrap();
        let raised = Batch { alerts: vec![alert(0, 0)], ..storing(claim, 1, payments(0..1)) };
        assert_eq!(bench.store.commit(&raised).await.unwrap(), stored(1));
        let held = store::Claim { next_offset: Some(1), ..claim };
        // The other one holds the row that ours wants last and then asks for the one that ours took first. It has
        // written more, so that the server picks ours to die.
        let mut other = holder(
            &bench,
            "INSERT INTO legit_payments (source_topic_id, source_topic, source_partition, source_offset, payment_type, \
             amount_hundredths, who, business_date, business_time, event_time, state, payload) \
             WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 900) \
             SELECT 'AAAAAAAAAAAAAAAAAAAAAA', 'payments', 0, i, 'VISA', 1, 'ME', '2022-01-28', '14:03:07', 1, 'visa', \
             '{}' FROM n",
        )
        .await;
        let batch = storing(held, 9, payments(1..9));
        let store = bench.store.clone();
        let ours = tokio::spawn(async move { (store.commit(&batch).await, batch) });
        until_blocked(&bench).await;
        sqlx::raw_sql("UPDATE sink_offset SET owner = 'me'").execute(&mut other).await.unwrap();
        let (outcome, batch) = ours.await.unwrap();
        let error = outcome.unwrap_err();
        assert_eq!((error.fate(), error.trouble()), (Fate::Again, Trouble::Busy), "{error}");
        assert!(error.to_string().contains("1213"), "{error}");
        other.close().await.unwrap();
        assert_eq!(bench.store.commit(&batch).await.unwrap(), stored(8));
    })
    .await;
}

#[tokio::test]
async fn an_alert_that_another_replica_is_just_leasing_is_passed_over() {
    on_mysql(&server(), |bench| async move {
        let claim = bench.store.claim(SINK, &partition(), "a").await.unwrap();
        let alerts: Vec<AlertRow> = (0..3).map(|offset| alert(offset, offset)).collect();
        assert_eq!(
            bench
                .store
                .commit(&Batch {
                    alerts,
                    ..moving(claim, 3)
                })
                .await
                .unwrap(),
            stored(0)
        );
        let holder = holder(
            &bench,
            "SELECT * FROM alerts WHERE source_offset = 0 FOR UPDATE",
        )
        .await;
        let started = Instant::now();
        let leased = bench
            .store
            .lease_alerts("b", 10, 1_000, 1_000)
            .await
            .unwrap();
        assert!(started.elapsed() < Duration::from_secs(2));
        let offsets: Vec<i64> = leased.iter().map(|alert| alert.key.offset).collect();
        assert!(!offsets.contains(&0), "{offsets:?}");
        holder.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_server_that_kills_the_session_is_worth_another_try() {
    on_mysql(&server(), |bench| async move {
        let claim = bench.store.claim(SINK, &partition(), "a").await.unwrap();
        let holder = holder(&bench, "SELECT * FROM sink_offset FOR UPDATE").await;
        let batch = storing(claim, 3, payments(0..3));
        let store = bench.store.clone();
        let ours = tokio::spawn(async move { (store.commit(&batch).await, batch) });
        let id = until_blocked(&bench).await;
        bench.sql(&format!("KILL {id}")).await;
        let (outcome, batch) = ours.await.unwrap();
        assert_eq!(outcome.unwrap_err().fate(), Fate::Again);
        holder.close().await.unwrap();
        assert_eq!(bench.store.commit(&batch).await.unwrap(), stored(3));
        assert_eq!(bench.store.count(Relation::LegitPayments).await.unwrap(), 3);
    })
    .await;
}
