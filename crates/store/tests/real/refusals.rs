//! Servers that refuse us, and what the operator reads.

use sqlx::{ConnectOptions, Connection, MySqlConnection};
use store::testing::Proxy;
use store::{Database, Fate, Store, StoreError, Trouble};

use crate::bench::{config, on_mysql};
use crate::rows::{SINK, partition, payments, storing};
use crate::server;

/// A self-signed certificate that signed nothing here.
const STRANGE_CA: &str = "-----BEGIN CERTIFICATE-----
MIIBgzCCASugAwIBAgIUNkhrr2j9Y1cl/SSEm8mbsH2pa/QwCgYIKoZIzj0EAwIw
FzEVMBMGA1UEAwwMYSBzdHJhbmdlIENBMCAXDTI2MTEyMjE4MzAzNloYDzIxMjYx
MDI5MTgzMDM2WjAXMRUwEwYDVQQDDAxhIHN0cmFuZ2UgQ0EwWTATBgcqhkjOPQIB
BggqhkjOPQMBBwNCAARxuDWKu5YEOCFOp1w2RSs4VG8tjfMHLRFN3Mr8L3fD0Hbw
lz7mQ34esFQg4bSyB6J+DS5E4tTdQWvihNGcA/Qxo1MwUTAdBgNVHQ4EFgQUM4w4
ekqp6t9hMatQTH3wmCI+rIUwHwYDVR0jBBgwFoAUM4w4ekqp6t9hMatQTH3wmCI+
rIUwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNGADBDAiASNlz+ideB4Uvh
p9HdWympLfwvKVNCCKW4dYEe6yW2CAIfB0HPotVLR+Q7hgEn32WWqfcKsg0i4B55
kpCXRrMV2w==
-----END CERTIFICATE-----
";

/// The parts of the server's URL: user and password, host and port, database.
fn parts() -> (String, String, String) {
    let server = server();
    let rest = server.strip_prefix("mysql://").unwrap();
    let (user, rest) = rest.rsplit_once('@').unwrap();
    let (address, database) = rest.split_once('/').unwrap();
    (user.to_owned(), address.to_owned(), database.to_owned())
}

async fn refused(variables: &[(&str, &str)]) -> StoreError {
    Store::connect(&config(variables))
        .await
        .err()
        .expect("the server took us")
}

#[tokio::test]
async fn a_wrong_password_stops_with_a_sentence_that_does_not_show_it() {
    let (user, address, database) = parts();
    let (user, _) = user.split_once(':').unwrap();
    let url = format!("mysql://{user}@{address}/{database}");
    let error = refused(&[("DATABASE_URL", &url), ("DATABASE_PASSWORD", "hunter2")]).await;
    assert_eq!(
        (error.fate(), error.trouble()),
        (Fate::Stop, Trouble::Denied)
    );
    let sentence = error.to_string();
    assert!(
        sentence.contains("Access denied for user") && !sentence.contains("hunter2"),
        "{sentence}"
    );
}

#[tokio::test]
async fn an_unknown_database_stops_with_its_name() {
    let (user, address, _) = parts();
    let error = refused(&[(
        "DATABASE_URL",
        &format!("mysql://{user}@{address}/fraudstream_nowhere_to_be_found"),
    )])
    .await;
    assert_eq!(
        (error.fate(), error.trouble()),
        (Fate::Stop, Trouble::NoDatabase)
    );
    assert!(error.to_string().contains("nowhere_to_be_found"), "{error}");
}

#[tokio::test]
async fn an_unknown_host_is_named_and_may_still_come() {
    let (user, _, database) = parts();
    let error = refused(&[(
        "DATABASE_URL",
        &format!("mysql://{user}@no-such-host.invalid/{database}"),
    )])
    .await;
    assert_eq!(
        (error.fate(), error.trouble()),
        (Fate::Again, Trouble::Unreachable)
    );
    let sentence = error.to_string();
    assert!(
        sentence.contains("no-such-host.invalid") && sentence.contains("lookup"),
        "{sentence}"
    );
}

#[tokio::test]
async fn a_server_that_the_ca_did_not_sign_is_not_trusted() {
    let directory = tempfile::TempDir::new().unwrap();
    let ca = directory.path().join("ca.pem");
    std::fs::write(&ca, STRANGE_CA).unwrap();
    let error = refused(&[
        ("DATABASE_URL", &server()),
        ("DATABASE_SSL_CA_FILE", ca.to_str().unwrap()),
    ])
    .await;
    assert_eq!(
        (error.fate(), error.trouble()),
        (Fate::Stop, Trouble::Untrusted),
        "{error}"
    );
    assert!(error.to_string().contains("certificate"), "{error}");
}

#[tokio::test]
async fn a_ca_file_that_holds_no_good_certificate_is_refused() {
    let directory = tempfile::TempDir::new().unwrap();
    let ca = directory.path().join("ca.pem");
    std::fs::write(
        &ca,
        "-----BEGIN CERTIFICATE-----\nnot one\n-----END CERTIFICATE-----\n",
    )
    .unwrap();
    let error = refused(&[
        ("DATABASE_URL", &server()),
        ("DATABASE_SSL_CA_FILE", ca.to_str().unwrap()),
    ])
    .await;
    assert_eq!(
        (error.fate(), error.trouble()),
        (Fate::Stop, Trouble::Untrusted),
        "{error}"
    );
}

#[tokio::test]
async fn a_ca_is_no_use_with_a_server_that_has_no_tls() {
    let proxy = Proxy::before(&server());
    let directory = tempfile::TempDir::new().unwrap();
    let ca = directory.path().join("ca.pem");
    std::fs::write(&ca, STRANGE_CA).unwrap();
    let error = refused(&[
        ("DATABASE_URL", proxy.url()),
        ("DATABASE_SSL_CA_FILE", ca.to_str().unwrap()),
    ])
    .await;
    assert_eq!(
        (error.fate(), error.trouble()),
        (Fate::Stop, Trouble::Untrusted),
        "{error}"
    );
}

#[tokio::test]
async fn a_password_is_not_sent_where_there_is_no_tls() {
    let (_, _, database) = parts();
    let admin: sqlx::mysql::MySqlConnectOptions = server().parse().unwrap();
    let mut admin = admin.connect().await.unwrap();
    // A user whom the server has not seen yet, so that it asks for the password itself.
    let user = format!("fs_store_{}", std::process::id());
    let create = format!("CREATE USER {user} IDENTIFIED BY 'hunter2'");
    sqlx::raw_sql(sqlx::AssertSqlSafe(create))
        .execute(&mut admin)
        .await
        .unwrap();
    let proxy = Proxy::before(&server());
    let url = format!("mysql://{user}:hunter2@{}/{database}", proxy.address());
    let outcome = Store::connect(&config(&[("DATABASE_URL", &url)])).await;
    let drop = format!("DROP USER {user}");
    sqlx::raw_sql(sqlx::AssertSqlSafe(drop))
        .execute(&mut admin)
        .await
        .unwrap();
    let error = outcome.err().expect("the password was sent");
    assert_eq!(
        (error.fate(), error.trouble()),
        (Fate::Stop, Trouble::NeedsTls),
        "{error}"
    );
    assert!(error.to_string().contains("only over TLS"), "{error}");
}

#[tokio::test]
async fn a_schema_that_is_not_there_stops() {
    on_mysql(&server(), |bench| async move {
        let claim = bench.store.claim(SINK, &partition(), "a").await.unwrap();
        bench.sql("DROP TABLE legit_payments").await;
        let error = bench
            .store
            .commit(&storing(claim, 3, payments(0..3)))
            .await
            .unwrap_err();
        assert_eq!(
            (error.fate(), error.trouble()),
            (Fate::Stop, Trouble::Schema),
            "{error}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_session_keeps_to_its_own_settings_whatever_the_servers_are() {
    on_mysql(&server(), |bench| async move {
        let claim = bench.store.claim(SINK, &partition(), "a").await.unwrap();
        // A payment in flight shows the session from outside.
        let mut holder = MySqlConnection::connect(&bench.url).await.unwrap();
        sqlx::raw_sql("BEGIN").execute(&mut holder).await.unwrap();
        sqlx::raw_sql("SELECT * FROM sink_offset FOR UPDATE").execute(&mut holder).await.unwrap();
        let store = bench.store.clone();
        let ours = tokio::spawn(async move { store.commit(&storing(claim, 1, payments(0..1))).await });
        crate::locks::until_blocked(&bench).await;
        let of_ours = |name: &str| {
            format!(
                "SELECT variable_value FROM performance_schema.variables_by_thread AS v \
                 JOIN performance_schema.threads AS t USING (thread_id) \
                 WHERE t.processlist_db = DATABASE() AND t.processlist_info LIKE 'UPDATE sink_offset%' \
                 AND variable_name = '{name}'"
            )
        };
        let check = async |name: &str, expected: &str| {
            assert_eq!(bench.text(&of_ours(name)).await.as_deref(), Some(expected), "{name}");
        };
        check("autocommit", "ON").await;
        check("wait_timeout", "10").await;
        check("innodb_lock_wait_timeout", "5").await;
        check("transaction_isolation", "READ-COMMITTED").await;
        check("sql_mode", "STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,NO_ENGINE_SUBSTITUTION").await;
        holder.close().await.unwrap();
        let _ = ours.await.unwrap().unwrap();
    })
    .await;
}
