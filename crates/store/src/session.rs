//! One connection while one call uses it.
//!
//! A connection goes back to the pool only when it is known to be at rest. Whatever else happens to it (no answer in
//! time, an error that leaves it in doubt, a caller that drops the future in the middle of a transaction), it is
//! closed, and the server rolls back what was open on it.

use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{MySql, MySqlPool, SqlSafeStr, SqlStr, Sqlite, SqlitePool};
use tokio::time;

use crate::dialect::Dialect;
use crate::value::{Row, Value};
use crate::{StoreError, Trouble, fault, limits};

/// Connections to one of the two databases.
pub(crate) enum Pool {
    MySql(MySqlPool),
    Sqlite(SqlitePool),
}

/// One connection, and what it is used for.
pub(crate) struct Session {
    connection: Option<Connection>,
    dialect: Dialect,
    attempt: &'static str,
    limit: Duration,
    phase: Phase,
}

enum Connection {
    MySql(PoolConnection<MySql>),
    Sqlite(PoolConnection<Sqlite>),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    AtRest,
    InTransaction,
    /// A statement was sent and its answer has not come.
    Waiting,
}

impl Pool {
    pub(crate) fn dialect(&self) -> Dialect {
        match self {
            Self::MySql(_) => Dialect::MySql,
            Self::Sqlite(_) => Dialect::Sqlite,
        }
    }

    /// A connection for a call that wants to do this (`store a batch`).
    pub(crate) async fn session(&self, attempt: &'static str) -> Result<Session, StoreError> {
        let connection = match self {
            Self::MySql(pool) => pool.acquire().await.map(Connection::MySql),
            Self::Sqlite(pool) => pool.acquire().await.map(Connection::Sqlite),
        };
        Ok(Session {
            connection: Some(connection.map_err(|error| failed(attempt, &error))?),
            dialect: self.dialect(),
            attempt,
            limit: limits::STATEMENT,
            phase: Phase::AtRest,
        })
    }

    pub(crate) async fn close(&self) {
        match self {
            Self::MySql(pool) => pool.close().await,
            Self::Sqlite(pool) => pool.close().await,
        }
    }
}

impl Session {
    pub(crate) fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// What this session is for, as an error would say it.
    pub(crate) fn attempt(&self) -> &'static str {
        self.attempt
    }

    /// Lets each statement of this session take as long as this.
    pub(crate) fn patient(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Opens a transaction that will write.
    pub(crate) async fn begin(&mut self) -> Result<(), StoreError> {
        self.raw(self.dialect.begin(), Phase::InTransaction).await
    }

    /// Ends the transaction. After an error it is open whether it happened.
    pub(crate) async fn commit(&mut self) -> Result<(), StoreError> {
        self.raw("COMMIT", Phase::AtRest).await
    }

    /// Undoes the transaction. When even that fails the connection is closed, to the same effect.
    pub(crate) async fn rollback(mut self) {
        if self.connection.is_some() {
            // The error has nobody to tell: dropping the session does what ROLLBACK did not.
            let _ = self.raw("ROLLBACK", Phase::AtRest).await;
        }
    }

    /// Ends the transaction as what was done in it came out: with COMMIT, or after an error undone.
    pub(crate) async fn end<T>(mut self, outcome: Result<T, StoreError>) -> Result<T, StoreError> {
        match outcome {
            Ok(value) => {
                self.commit().await?;
                Ok(value)
            }
            Err(error) => {
                self.rollback().await;
                Err(error)
            }
        }
    }

    /// Runs a statement; says how many rows it matched.
    pub(crate) async fn execute(
        &mut self,
        sql: impl SqlSafeStr,
        values: &[Value<'_>],
    ) -> Result<u64, StoreError> {
        let (before, limit) = (self.phase, self.limit);
        let running = self.start()?.execute(sql.into_sql_str(), values);
        let outcome = time::timeout(limit, running).await;
        self.finish(outcome, before)
    }

    /// Runs a query; hands out all its rows.
    pub(crate) async fn query(
        &mut self,
        sql: impl SqlSafeStr,
        values: &[Value<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        let (before, limit) = (self.phase, self.limit);
        let running = self.start()?.query(sql.into_sql_str(), values);
        let outcome = time::timeout(limit, running).await;
        self.finish(outcome, before)
    }

    async fn raw(&mut self, sql: &'static str, after: Phase) -> Result<(), StoreError> {
        let (before, limit) = (self.phase, self.limit);
        let outcome = time::timeout(limit, self.start()?.raw(sql)).await;
        self.finish(outcome, before)?;
        self.phase = after;
        Ok(())
    }

    fn start(&mut self) -> Result<&mut Connection, StoreError> {
        self.phase = Phase::Waiting;
        let attempt = self.attempt;
        self.connection.as_mut().ok_or_else(|| {
            StoreError::new(
                Trouble::Unreachable,
                attempt,
                "the connection was lost before",
            )
        })
    }

    fn finish<T>(
        &mut self,
        outcome: Result<Result<T, sqlx::Error>, time::error::Elapsed>,
        before: Phase,
    ) -> Result<T, StoreError> {
        let error = match outcome {
            Ok(Ok(value)) => {
                self.phase = before;
                return Ok(value);
            }
            Ok(Err(error)) => failed(self.attempt, &error),
            Err(_) => {
                let cause = format!("no answer within {} s", self.limit.as_secs());
                StoreError::new(Trouble::Unreachable, self.attempt, cause)
            }
        };
        if error.trouble() == Trouble::Unreachable {
            self.discard();
        } else {
            self.phase = before;
        }
        Err(error)
    }

    fn discard(&mut self) {
        match self.connection.take() {
            Some(Connection::MySql(connection)) => drop(connection.detach()),
            Some(Connection::Sqlite(connection)) => drop(connection.detach()),
            None => {}
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if self.phase != Phase::AtRest {
            self.discard();
        }
    }
}

impl Connection {
    async fn execute(&mut self, sql: SqlStr, values: &[Value<'_>]) -> Result<u64, sqlx::Error> {
        match self {
            Self::MySql(connection) => {
                let query = values
                    .iter()
                    .fold(sqlx::query(sql), |query, value| value.bind(query));
                Ok(query.execute(&mut **connection).await?.rows_affected())
            }
            Self::Sqlite(connection) => {
                let query = values
                    .iter()
                    .fold(sqlx::query(sql), |query, value| value.bind(query));
                Ok(query.execute(&mut **connection).await?.rows_affected())
            }
        }
    }

    async fn query(&mut self, sql: SqlStr, values: &[Value<'_>]) -> Result<Vec<Row>, sqlx::Error> {
        match self {
            Self::MySql(connection) => {
                let query = values
                    .iter()
                    .fold(sqlx::query(sql), |query, value| value.bind(query));
                let rows = query.fetch_all(&mut **connection).await?;
                Ok(rows.into_iter().map(Row::MySql).collect())
            }
            Self::Sqlite(connection) => {
                let query = values
                    .iter()
                    .fold(sqlx::query(sql), |query, value| value.bind(query));
                let rows = query.fetch_all(&mut **connection).await?;
                Ok(rows.into_iter().map(Row::Sqlite).collect())
            }
        }
    }

    async fn raw(&mut self, sql: &'static str) -> Result<(), sqlx::Error> {
        match self {
            Self::MySql(connection) => sqlx::raw_sql(sql)
                .execute(&mut **connection)
                .await
                .map(drop),
            Self::Sqlite(connection) => sqlx::raw_sql(sql)
                .execute(&mut **connection)
                .await
                .map(drop),
        }
    }
}

fn failed(attempt: &'static str, error: &sqlx::Error) -> StoreError {
    StoreError::new(fault::trouble(error), attempt, error.to_string())
}
