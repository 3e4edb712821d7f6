//! Getting to the database, and the sentences for when that fails.

use store::{Config, Database, Fate, Store};
use tempfile::TempDir;

use crate::bench::{config, read_config};
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

/// It was there when the configuration was read.
#[tokio::test]
async fn a_ca_file_that_is_gone_is_named() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("ca.pem");
    std::fs::write(&path, "-----BEGIN CERTIFICATE-----\n").unwrap();
    let config = config(&[
        ("DATABASE_URL", "mysql://app@127.0.0.1:1/fraud"),
        ("DATABASE_SSL_CA_FILE", path.to_str().unwrap()),
    ]);
    std::fs::remove_file(&path).unwrap();
    let error = Store::connect(&config).await.err().unwrap();
    assert_eq!(error.fate(), Fate::Stop);
    assert!(
        error.to_string().contains(path.to_str().unwrap()),
        "{error}"
    );
}

#[test]
fn certificates_that_are_not_there_are_a_problem_before_any_connection() {
    let variables = [
        ("DATABASE_URL", "mysql://app@db/fraud"),
        ("DATABASE_SSL_CA_FILE", "/nowhere/ca.pem"),
    ];
    let problems = read_config(&variables).unwrap_err().to_string();
    for part in ["DATABASE_SSL_CA_FILE=\"/nowhere/ca.pem\"", "certificate"] {
        assert!(problems.contains(part), "{part} in {problems}");
    }
}

#[test]
fn what_a_file_would_not_use_is_refused() {
    let folder = TempDir::new().unwrap();
    let authorities = folder.path().join("ca.pem");
    std::fs::write(&authorities, "-----BEGIN CERTIFICATE-----\n").unwrap();
    let variables = [
        ("DATABASE_URL", "sqlite:rows.db"),
        ("DATABASE_PASSWORD", "hunter2"),
        ("DATABASE_SSL_CA_FILE", authorities.to_str().unwrap()),
    ];
    let problems = read_config(&variables).unwrap_err().to_string();
    for part in ["DATABASE_PASSWORD", "DATABASE_SSL_CA_FILE", "SQLite file"] {
        assert!(problems.contains(part), "{part} in {problems}");
    }
    assert!(!problems.contains("hunter2"), "{problems}");
}
