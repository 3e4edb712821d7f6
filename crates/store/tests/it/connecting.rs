//! Getting to the database, and the sentences for when that fails.

use store::{Config, Database, Fate, Store};
use tempfile::TempDir;

use crate::bench::config;
use crate::databases::on_every_database;

#[tokio::test]
async fn a_database_that_is_there_gives_a_sign_of_life() {
    on_every_database(|bench| async move {
        bench.store.ping().await.unwrap();
        bench.store.close().await;
        assert_eq!(bench.store.ping().await.unwrap_err().fate(), Fate::Again);
    })
    .await;
}

#[tokio::test]
async fn a_file_in_no_directory_is_named() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("missing").join("rows.db");
    let error = Store::connect(&Config::sqlite(&path)).await.err().unwrap();
    assert_eq!(error.fate(), Fate::Stop);
    assert!(
        error.to_string().contains(&path.display().to_string()),
        "{error}"
    );
}

#[tokio::test]
async fn a_file_that_is_no_database_stops_the_program() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("rows.db");
    std::fs::write(
        &path,
        "something else entirely, and long enough to be looked at",
    )
    .unwrap();
    assert_eq!(
        Store::connect(&Config::sqlite(&path))
            .await
            .err()
            .unwrap()
            .fate(),
        Fate::Stop
    );
}

#[tokio::test]
async fn a_server_that_is_not_up_yet_is_worth_another_try() {
    let nobody = config(&[("DATABASE_URL", "mysql://app:hunter2@127.0.0.1:1/fraud")]);
    let error = Store::connect(&nobody).await.err().unwrap();
    assert_eq!(error.fate(), Fate::Again);
    let sentence = error.to_string();
    assert!(
        sentence.starts_with("could not connect to mysql://app@127.0.0.1:1/fraud: "),
        "{sentence}"
    );
    assert!(
        sentence.contains("refused") && !sentence.contains("hunter2"),
        "{sentence}"
    );
}

#[tokio::test]
async fn a_ca_file_that_cannot_be_read_is_named() {
    let variables = [
        ("DATABASE_URL", "mysql://app@127.0.0.1:1/fraud"),
        ("DATABASE_SSL_CA_FILE", "/nowhere/ca.pem"),
    ];
    let error = Store::connect(&config(&variables)).await.err().unwrap();
    assert_eq!(error.fate(), Fate::Stop);
    assert!(error.to_string().contains("/nowhere/ca.pem"), "{error}");
}
