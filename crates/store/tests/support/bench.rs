//! A fresh, migrated database for one test, of each kind that is at hand.

use std::future::Future;
use std::panic;
use std::sync::atomic::{AtomicU32, Ordering};

use settings::{Environment, Problems, Reading};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, MySqlConnection, SqliteConnection};
use store::{Config, Store};

/// A database, and everything a test needs to get at it.
pub struct Bench {
    pub config: Config,
    pub store: Store,
    /// The value of `DATABASE_URL` that names this database.
    pub url: String,
}

impl Bench {
    /// Brings the schema up and connects.
    pub async fn new(url: String) -> Self {
        let config = config(&[("DATABASE_URL", &url)]);
        let store = Store::connect(&config).await.unwrap();
        store.migrate().await.unwrap();
        Self { config, store, url }
    }

    /// Another process over the same database.
    pub async fn replica(&self) -> Store {
        Store::connect(&self.config).await.unwrap()
    }

    /// Runs SQL of the test's own, past the store.
    pub async fn sql(&self, statement: &str) {
        let statement = AssertSqlSafe(statement.to_owned());
        if self.url.starts_with("mysql:") {
            let mut connection = MySqlConnection::connect(&self.url).await.unwrap();
            sqlx::raw_sql(statement)
                .execute(&mut connection)
                .await
                .unwrap();
        } else {
            let mut connection = SqliteConnection::connect(&self.url).await.unwrap();
            sqlx::raw_sql(statement)
                .execute(&mut connection)
                .await
                .unwrap();
        }
    }

    /// One text that SQL of the test's own answers, past the store.
    pub async fn text(&self, query: &str) -> Option<String> {
        let query = AssertSqlSafe(query.to_owned());
        if self.url.starts_with("mysql:") {
            let mut connection = MySqlConnection::connect(&self.url).await.unwrap();
            sqlx::query_scalar(query)
                .fetch_optional(&mut connection)
                .await
                .unwrap()
                .flatten()
        } else {
            let mut connection = SqliteConnection::connect(&self.url).await.unwrap();
            sqlx::query_scalar(query)
                .fetch_optional(&mut connection)
                .await
                .unwrap()
                .flatten()
        }
    }
}

/// A configuration from variables, as a service would read it.
pub fn config(variables: &[(&str, &str)]) -> Config {
    read_config(variables).unwrap()
}

/// The same, or what is wrong with it.
pub fn read_config(variables: &[(&str, &str)]) -> Result<Config, Problems> {
    let environment = Environment::from_iter(variables.iter().copied());
    let mut reading = Reading::new(&environment);
    let config = Config::read(&mut reading);
    let read = reading.finish(config, &[store::VARIABLES], &[]);
    read.map(|(config, _)| config)
}

/// Runs a test on a new MySQL database of this server and drops it, however the test ends.
pub async fn on_mysql<T, F>(server: &str, test: T)
where
    T: FnOnce(Bench) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("fraudstream_store_{}_{number}", std::process::id());
    let (address, _) = server.rsplit_once('/').unwrap();
    let options: sqlx::mysql::MySqlConnectOptions = server.parse().unwrap();
    let mut admin = options.connect().await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name}")))
        .execute(&mut admin)
        .await
        .unwrap();
    admin.close().await.unwrap();

    let outcome = tokio::spawn(test(Bench::new(format!("{address}/{name}")).await)).await;

    let mut admin = options.connect().await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(format!("DROP DATABASE {name}")))
        .execute(&mut admin)
        .await
        .unwrap();
    if let Err(error) = outcome {
        panic::resume_unwind(error.into_panic());
    }
}
