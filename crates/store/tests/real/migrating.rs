//! Replicas that bring the schema up to date at once, and one that was killed at it.

use store::{Database, Store};

use crate::bench::on_mysql;
use crate::rows::{SINK, partition};
use crate::server;

const TABLES: &str = "DROP TABLE _sqlx_migrations, fraud_payments, legit_payments, alerts, dead_letters, sink_offset";

#[tokio::test]
async fn several_replicas_migrate_one_new_database_at_once() {
    on_mysql(&server(), |bench| async move {
        bench.sql(TABLES).await;
        let mut replicas = tokio::task::JoinSet::new();
        for _ in 0..6 {
            let config = bench.config.clone();
            replicas.spawn(async move {
                let store = Store::connect(&config).await?;
                store.migrate().await
            });
        }
        for outcome in replicas.join_all().await {
            outcome.unwrap();
        }
        bench.store.claim(SINK, &partition(), "a").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_migration_that_was_killed_half_way_is_run_again() {
    on_mysql(&server(), |bench| async move {
        // As sqlx leaves it when the process dies between the DDL and the note of its success.
        bench
            .sql("DELETE FROM _sqlx_migrations WHERE version > 3")
            .await;
        bench.sql("DROP TABLE dead_letters, sink_offset").await;
        bench
            .sql("UPDATE _sqlx_migrations SET success = FALSE WHERE version = 3")
            .await;
        bench.replica().await.migrate().await.unwrap();
        bench.store.claim(SINK, &partition(), "a").await.unwrap();
    })
    .await;
}
