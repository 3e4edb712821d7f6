//! What the database says, asked by a client of our own.

use std::sync::Arc;
use std::time::Duration;

use sqlx::mysql::{MySqlConnectOptions, MySqlPool, MySqlPoolOptions, MySqlRow};
use sqlx::{AssertSqlSafe, Row as _};
use tokio::runtime::Runtime;

use crate::failure::{Attempt, Failure, Outcome};

/// A connection is had in this time or not at all: an outage must not hold the questions up.
const PATIENCE: Duration = Duration::from_secs(3);

/// No question takes longer on a server that answers.
const LIMIT: Duration = Duration::from_secs(30);

/// Offsets whose rows are asked for at a time.
const PAGE: usize = 20_000;

/// A database of our own on the server.
pub struct Database {
    name: String,
    server: MySqlPool,
    own: MySqlPool,
    runtime: Arc<Runtime>,
}

/// A payment that was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// `topic/partition/offset` of the source.
    pub source: String,
    /// What the processor made of it.
    pub state: String,
    /// Id, account, type, amount in hundredths, currency, country, recipient, date, time and event time in milliseconds, with
    /// `|` between them and `-` for what is not there.
    pub columns: String,
    /// The bytes.
    pub payload: Vec<u8>,
}

impl Database {
    /// Makes the database. `url` names another one on the same server, whose user may make more.
    pub fn create(url: &str, name: &str, runtime: Arc<Runtime>) -> Outcome<Self> {
        let database = Self::open(url, name, runtime)?;
        let create = format!("CREATE DATABASE {name}");
        database.execute(&database.server, &create)?;
        Ok(database)
    }

    /// A database that is there; it connects by itself.
    pub fn open(url: &str, name: &str, runtime: Arc<Runtime>) -> Outcome<Self> {
        let options: MySqlConnectOptions = url.parse().attempt("read DATABASE_URL")?;
        let pool = |options| {
            let pool = MySqlPoolOptions::new().acquire_timeout(PATIENCE);
            // Nothing is kept that an outage could have cut.
            pool.max_connections(1).connect_lazy_with(options)
        };
        let guard = runtime.enter();
        let (server, own) = (pool(options.clone()), pool(options.database(name)));
        drop(guard);
        Ok(Self {
            name: name.to_owned(),
            server,
            own,
            runtime,
        })
    }

    /// Removes it with everything in it.
    pub fn remove(&self) -> Outcome {
        let remove = format!("DROP DATABASE {}", self.name);
        self.execute(&self.server, &remove).map(drop)
    }

    /// Takes the primary keys of payments and alerts away and leaves an index in their place: a row that somebody stores a
    /// second time then stands there twice, and queries are as fast as before. The tables have to be there, and small.
    pub fn without_primary_keys(&self) -> Outcome {
        for table in ["fraud_payments", "legit_payments", "alerts"] {
            self.execute(
                &self.own,
                &format!(
                    "ALTER TABLE {table} DROP PRIMARY KEY, ADD INDEX {table}_source \
                     (source_topic_id, source_topic, source_partition, source_offset)"
                ),
            )?;
        }
        Ok(())
    }

    /// Changes something by hand, and says how many rows that were.
    pub fn change(&self, statement: &str) -> Outcome<u64> {
        self.execute(&self.own, statement)
    }

    /// Whether the server answers.
    pub fn answers(&self) -> bool {
        self.execute(&self.server, "SELECT 1").is_ok()
    }

    /// Positions that are stored for a topic, by partition; 0 where none.
    pub fn positions(&self, topic: &str, partitions: i32) -> Outcome<Vec<i64>> {
        let rows = self.rows_of(&format!(
            "SELECT part, next_offset FROM sink_offset WHERE topic = '{topic}'"
        ));
        let mut positions = vec![0; partitions.unsigned_abs() as usize];
        match rows {
            // A database that no processor has prepared yet has nothing stored.
            Err(failure) if failure.to_string().contains("1146") => {}
            rows => {
                for row in rows? {
                    let part: i32 = column(&row, 0)?;
                    let next: Option<i64> = column(&row, 1)?;
                    if let Some(position) = positions.get_mut(part.unsigned_abs() as usize) {
                        *position = next.unwrap_or(0).max(*position);
                    }
                }
            }
        }
        Ok(positions)
    }

    /// How many positions of a sink a transaction holds that is open now.
    pub fn held(&self, sink: &str) -> Outcome<usize> {
        let of = |rows: Vec<MySqlRow>| rows.first().map_or(Ok(0), |row| column::<i64>(row, 0));
        let question = format!("SELECT COUNT(*) FROM sink_offset WHERE sink = '{sink}'");
        let all = of(self.rows_of(&question)?)?;
        let free = of(self.rows_of(&format!("{question} FOR UPDATE SKIP LOCKED"))?)?;
        Ok(all.abs_diff(free) as usize)
    }

    /// How many rows a table has, or those of them that `table` goes on to describe; a table that is not there yet has
    /// none.
    pub fn count(&self, table: &str) -> Outcome<u64> {
        match self.rows_of(&format!("SELECT COUNT(*) FROM {table}")) {
            Err(failure) if failure.to_string().contains("1146") => Ok(0),
            rows => match rows?.first() {
                Some(row) => Ok(column::<i64>(row, 0)?.unsigned_abs()),
                None => Err(Failure::new(format!("{table} was not counted"))),
            },
        }
    }

    /// Hands every payment that a table has to `each`, and says how many there were.
    pub fn payments(&self, table: &str, mut each: impl FnMut(Stored)) -> Outcome<u64> {
        let key = "source_topic_id, source_topic, source_partition";
        let partitions = self.rows_of(&format!(
            "SELECT {key}, MAX(source_offset) FROM {table} GROUP BY {key}"
        ))?;
        let mut rows = 0;
        for partition in &partitions {
            let (id, topic): (String, String) = (column(partition, 0)?, column(partition, 1)?);
            let (number, last): (i32, i64) = (column(partition, 2)?, column(partition, 3)?);
            // By offsets and not by a count of rows: the second one of a row that is there twice must not fall between two.
            for first in (0..=last).step_by(PAGE) {
                let page = self.rows_of(&format!(
                    "SELECT CONCAT(source_topic, '/', source_partition, '/', source_offset), state, \
                     CONCAT_WS('|', IFNULL(id, '-'), IFNULL(account, '-'), payment_type, amount_hundredths, \
                     IFNULL(currency, '-'), IFNULL(country, '-'), who, business_date, business_time, event_time), payload \
                     FROM {table} WHERE ({key}) = ('{id}', '{topic}', {number}) \
                     AND source_offset >= {first} AND source_offset < {first} + {PAGE} ORDER BY source_offset"
                ))?;
                for row in &page {
                    each(Stored {
                        source: column(row, 0)?,
                        state: column(row, 1)?,
                        columns: column(row, 2)?,
                        payload: column(row, 3)?,
                    });
                }
                rows += page.len() as u64;
            }
        }
        Ok(rows)
    }

    /// The sources of a table's rows.
    pub fn sources(&self, table: &str) -> Outcome<Vec<String>> {
        let rows = self.rows_of(&format!(
            "SELECT CONCAT(source_topic, '/', source_partition, '/', source_offset) FROM {table}"
        ))?;
        rows.iter().map(|row| column(row, 0)).collect()
    }

    /// Milliseconds from each payment's event to its row, in ascending order.
    pub fn latencies_ms(&self) -> Outcome<Vec<i64>> {
        let mut latencies = Vec::new();
        for table in ["fraud_payments", "legit_payments"] {
            let rows = self.rows_of(&format!("SELECT stored_at - event_time FROM {table}"))?;
            for row in &rows {
                latencies.push(column(row, 0)?);
            }
        }
        latencies.sort_unstable();
        Ok(latencies)
    }

    fn rows_of(&self, question: &str) -> Outcome<Vec<MySqlRow>> {
        let asked = async {
            let query = sqlx::query(AssertSqlSafe(question.to_owned()));
            tokio::time::timeout(LIMIT, query.fetch_all(&self.own)).await
        };
        match self.runtime.block_on(asked) {
            Ok(rows) => rows.attempt(question),
            Err(_) => Err(Failure::new(format!("{question}: no answer"))),
        }
    }

    fn execute(&self, pool: &MySqlPool, statement: &str) -> Outcome<u64> {
        let done = async {
            let query = sqlx::query(AssertSqlSafe(statement.to_owned()));
            tokio::time::timeout(PATIENCE * 2, query.execute(pool)).await
        };
        match self.runtime.block_on(done) {
            Ok(done) => Ok(done.attempt(statement)?.rows_affected()),
            Err(_) => Err(Failure::new(format!("{statement}: no answer"))),
        }
    }
}

fn column<'r, T>(row: &'r MySqlRow, index: usize) -> Outcome<T>
where
    T: sqlx::Decode<'r, sqlx::MySql> + sqlx::Type<sqlx::MySql>,
{
    row.try_get(index).attempt("read a row")
}
