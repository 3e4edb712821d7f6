//! Migrations.

use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use store::{Config, Database, Store};
use tempfile::TempDir;

use crate::databases::on_every_database;
use crate::rows::{SINK, partition, payments, stored, storing};

#[tokio::test]
async fn migrating_again_changes_nothing() {
    on_every_database(|bench| async move {
        let claim = bench.store.claim(SINK, &partition(), "a").await.unwrap();
        assert_eq!(
            bench
                .store
                .commit(&storing(claim, 3, payments(0..3)))
                .await
                .unwrap(),
            stored(3)
        );
        bench.replica().await.migrate().await.unwrap();
        let count = bench
            .store
            .count(store::Relation::LegitPayments)
            .await
            .unwrap();
        assert_eq!(count, 3);
    })
    .await;
}

#[tokio::test]
async fn a_schema_newer_than_the_program_is_left_as_it_is() {
    on_every_database(|bench| async move {
        bench.sql("ALTER TABLE legit_payments ADD COLUMN from_the_future INTEGER").await;
        bench
            .sql(
                "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 VALUES (9000, 'from the future', TRUE, 'c', 1)",
            )
            .await;
        bench.replica().await.migrate().await.unwrap();
        let claim = bench.store.claim(SINK, &partition(), "a").await.unwrap();
        assert_eq!(bench.store.commit(&storing(claim, 3, payments(0..3))).await.unwrap(), stored(3));
    })
    .await;
}

#[tokio::test]
async fn a_schema_that_was_tampered_with_stops_the_program() {
    on_every_database(|bench| async move {
        bench
            .sql("UPDATE _sqlx_migrations SET checksum = 'other' WHERE version = 1")
            .await;
        let error = bench.store.migrate().await.unwrap_err();
        assert_eq!(
            (error.fate(), error.trouble()),
            (store::Fate::Stop, store::Trouble::Schema),
            "{error}"
        );
    })
    .await;
}

#[tokio::test]
async fn several_programs_open_and_migrate_one_new_file_at_once() {
    let directory = TempDir::new().unwrap();
    let config = Config::sqlite(directory.path().join("rows.db"));
    let mut programs = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let config = config.clone();
        programs.spawn(async move {
            let store = Store::connect(&config).await?;
            store.migrate().await?;
            store.claim(SINK, &partition(), "a").await
        });
    }
    let mut epochs: Vec<i64> = programs
        .join_all()
        .await
        .into_iter()
        .map(|claim| claim.unwrap().epoch)
        .collect();
    epochs.sort_unstable();
    assert_eq!(epochs, [1, 2, 3, 4, 5, 6]);
}

#[tokio::test]
async fn a_new_file_that_another_program_writes_to_is_waited_for() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("rows.db");
    let mut other = SqliteConnectOptions::new()
        .filename(&path)
        .create_if_missing(true)
        .connect()
        .await
        .unwrap();
    let writing = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let mut connecting = tokio::spawn(async move { Store::connect(&Config::sqlite(path)).await });
    let early = tokio::time::timeout(Duration::from_millis(300), &mut connecting).await;
    assert!(early.is_err(), "it did not wait");
    writing.rollback().await.unwrap();
    connecting.await.unwrap().unwrap();
}
