//! A database of its own for a test of another crate, and a way past the store to whatever is in it.
//!
//! Behind the feature `testing`, for `[dev-dependencies]` alone. Nothing here answers with an error: a test that cannot go on
//! panics with the sentence that says why.

#![allow(clippy::expect_used, clippy::unwrap_used)] // a test's helper panics; clippy only knows what is inside of #[cfg(test)]

mod proxy;
mod tables;
mod writer;

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::path::Path;

use settings::{Environment, Reading};
use sqlx::mysql::MySqlConnectOptions;
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, MySqlConnection, SqliteConnection,
};

pub use self::proxy::{Hold, Proxy, Spoil};
pub use self::tables::{RestingAlert, RestingPayment};
pub use self::writer::Writer;
use crate::{Config, Store, VARIABLES};

/// The server that tests use, when somebody runs one.
const URL: &str = "DATABASE_URL";

/// A new database. Dropping it takes it away again; a file stays with its directory.
pub struct Fresh {
    url: String,
    /// The server that has it, and its name there.
    server: Option<(MySqlConnectOptions, String)>,
}

impl Fresh {
    /// On the server that `DATABASE_URL` names; where it names none, a file in this directory.
    pub async fn any(directory: &Path) -> Self {
        match std::env::var(URL) {
            Ok(url) if url.starts_with("mysql:") => Self::on(&url).await,
            _ => {
                let url = format!("sqlite:{}", directory.join("rows.db").display());
                Self { url, server: None }
            }
        }
    }

    /// On the server that `DATABASE_URL` names; a test that needs a real one cannot do without.
    pub async fn real() -> Self {
        let url = std::env::var(URL).unwrap_or_default();
        assert!(
            url.starts_with("mysql:"),
            "{URL} names no MySQL server: this test needs one; `make test-real` starts it and names it"
        );
        Self::on(&url).await
    }

    async fn on(url: &str) -> Self {
        // The user of compose may make databases of such names.
        let name = format!(
            "fraudstream_test_{:016x}",
            RandomState::new().build_hasher().finish()
        );
        let server: MySqlConnectOptions = url.parse().expect("a URL");
        run(&server, format!("CREATE DATABASE {name}")).await;
        let (address, _) = url.rsplit_once('/').expect("a database in the URL");
        Self {
            url: format!("{address}/{name}"),
            server: Some((server, name)),
        }
    }

    /// The value of `DATABASE_URL` that names this database.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// How to reach it.
    pub fn config(&self) -> Config {
        let environment = Environment::from_iter([(URL, self.url.as_str())]);
        let mut reading = Reading::new(&environment);
        let config = Config::read(&mut reading);
        reading
            .finish(config, &[VARIABLES], &[])
            .expect("a configuration")
            .0
    }

    /// Connects, and makes the tables where they are missing.
    pub async fn store(&self) -> Store {
        let store = Store::connect(&self.config()).await.expect("a connection");
        store.migrate().await.expect("a schema");
        store
    }

    /// Runs a statement of the test's own, past the store; says how many rows it changed.
    pub async fn sql(&self, statement: &str) -> u64 {
        let statement = AssertSqlSafe(statement.to_owned());
        if self.server.is_some() {
            let mut connection = MySqlConnection::connect(&self.url)
                .await
                .expect("a connection");
            sqlx::query(statement)
                .execute(&mut connection)
                .await
                .expect("done")
                .rows_affected()
        } else {
            let mut connection = SqliteConnection::connect(&self.url)
                .await
                .expect("a connection");
            sqlx::query(statement)
                .execute(&mut connection)
                .await
                .expect("done")
                .rows_affected()
        }
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        let Some((server, name)) = self.server.take() else {
            return;
        };
        // Wherever the test runs, on a runtime's thread or not.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(run(&server, format!("DROP DATABASE {name}")));
        });
        // One that stays behind is no second failure.
        let _ = dropping.join();
    }
}

async fn run(server: &MySqlConnectOptions, statement: String) {
    let mut connection = server.connect().await.expect("a connection");
    sqlx::raw_sql(AssertSqlSafe(statement))
        .execute(&mut connection)
        .await
        .expect("done");
    connection.close().await.ok();
}
