//! The first connection, whose failure must explain itself, and the pool for all later ones.

use std::path::Path;
use std::time::{Duration, Instant};

use sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlPoolOptions, MySqlSslMode};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};

use crate::config::Address;
use crate::session::Pool;
use crate::{Config, StoreError, Trouble, fault, limits};

/// Prepared statements kept for each connection: an INSERT of each size for three tables, and the rest. A statement is
/// a page of placeholders, which is why sqlx does not log them.
const STATEMENTS: usize = 64;

/// A pool, and the largest statement that the database behind it takes.
pub(crate) struct Connected {
    pub(crate) pool: Pool,
    pub(crate) packet_bytes: usize,
}

/// Opens one connection to see that it can be done, then makes the pool.
pub(crate) async fn connect(config: &Config) -> Result<Connected, StoreError> {
    let attempt = format!("connect to {}", config.address);
    let failed = |trouble, cause: String| StoreError::new(trouble, attempt.clone(), cause);
    let opened = tokio::time::timeout(limits::ACQUIRE, async {
        match &config.address {
            Address::MySql(options) => mysql(options, config).await,
            Address::Sqlite(path) => sqlite(path).await,
        }
    });
    match opened.await {
        Ok(Ok(connected)) => Ok(connected),
        Ok(Err(Failure::CaFile(cause))) => Err(failed(Trouble::Untrusted, cause)),
        Ok(Err(Failure::Sqlx(error))) => Err(failed(fault::trouble(&error), error.to_string())),
        Err(_) => Err(failed(
            Trouble::Unreachable,
            format!("no answer within {} s", limits::ACQUIRE.as_secs()),
        )),
    }
}

enum Failure {
    CaFile(String),
    Sqlx(sqlx::Error),
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Sqlx(error)
    }
}

async fn mysql(address: &MySqlConnectOptions, config: &Config) -> Result<Connected, Failure> {
    let mut options = address
        .clone()
        .pipes_as_concat(false)
        .statement_cache_capacity(STATEMENTS)
        .disable_statement_logging();
    if let Some(password) = &config.password {
        options = options.password(password.expose());
    }
    if let Some(file) = &config.ssl_ca {
        let path = file.path();
        // It was there when the configuration was read.
        let pem = std::fs::read(path).map_err(|error| {
            let path = path.display();
            Failure::CaFile(format!("the CA file {path} cannot be read: {error}"))
        })?;
        options = options
            .ssl_ca_from_pem(pem)
            .ssl_mode(MySqlSslMode::VerifyIdentity);
    }
    let mut first = options.connect().await?;
    let packet_bytes: i64 = sqlx::query_scalar("SELECT CAST(@@max_allowed_packet AS SIGNED)")
        .fetch_one(&mut first)
        .await?;
    first.close().await.ok();
    let pool = MySqlPoolOptions::new()
        .max_connections(limits::CONNECTIONS)
        .acquire_timeout(limits::ACQUIRE)
        // Before the server closes it; `test_before_acquire` sees to those that it closed all the same.
        .idle_timeout(Duration::from_secs(limits::IDLE_SESSION_SECONDS - 2))
        .test_before_acquire(true)
        .after_connect(|connection, _| Box::pin(prepare(connection)))
        .connect_lazy_with(options);
    Ok(Connected {
        pool: Pool::MySql(pool),
        packet_bytes: usize::try_from(packet_bytes).unwrap_or(usize::MAX),
    })
}

/// What a batch relies on: refused data is an error and never cut to fit, no gap locks, and locks of an owner that
/// went silent are gone soon.
async fn prepare(connection: &mut MySqlConnection) -> Result<(), sqlx::Error> {
    let settings = format!(
        "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,NO_ENGINE_SUBSTITUTION', \
         SESSION transaction_isolation = 'READ-COMMITTED', \
         SESSION autocommit = 1, \
         SESSION wait_timeout = {}, \
         SESSION innodb_lock_wait_timeout = {}",
        limits::IDLE_SESSION_SECONDS,
        limits::LOCK_WAIT_SECONDS,
    );
    sqlx::raw_sql(AssertSqlSafe(settings))
        .execute(connection)
        .await?;
    Ok(())
}

async fn sqlite(path: &Path) -> Result<Connected, Failure> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // A power cut may take the last commits, position and rows together, and Kafka still has the records.
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(Duration::from_secs(limits::LOCK_WAIT_SECONDS))
        .statement_cache_capacity(STATEMENTS)
        .disable_statement_logging();
    first_sqlite(&options).await?.close().await.ok();
    let pool = SqlitePoolOptions::new()
        .max_connections(limits::CONNECTIONS)
        .acquire_timeout(limits::ACQUIRE)
        .test_before_acquire(false)
        .connect_lazy_with(options);
    Ok(Connected {
        pool: Pool::Sqlite(pool),
        packet_bytes: 1_000_000_000,
    })
}

/// A new file becomes a WAL one under a lock that SQLite asks for while it holds another, so it refuses the slower of
/// two programs at once, whatever `busy_timeout` is.
async fn first_sqlite(options: &SqliteConnectOptions) -> Result<SqliteConnection, sqlx::Error> {
    let started = Instant::now();
    loop {
        match options.connect().await {
            Err(error)
                if fault::trouble(&error) == Trouble::Busy
                    && started.elapsed() < limits::SQLITE_OPENING =>
            {
                tokio::time::sleep(limits::SQLITE_PAUSE).await;
            }
            opened => return opened,
        }
    }
}
