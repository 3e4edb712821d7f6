//! A deadlock that a batch loses.
//!
//! A batch of a processor takes its rows of `sink_offset` first and inserts payments then. We hold the places where they
//! would go, let it come to wait for us, and ask for its rows of `sink_offset`: InnoDB has to end one of both. It ends
//! the one that has changed less, so we have changed more before.

use std::time::Duration;

use e2e::failure::{Attempt as _, Failure, Outcome};
use e2e::kafka::PARTITIONS;
use e2e::service::Service;
use e2e::wait::{Wait, pace};
use sqlx::mysql::{MySqlConnection, MySqlRow};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, Row as _};

use super::Inflicted;
use crate::world::{MYSQL, World};

/// More rows than a batch has.
const WEIGHT: u32 = 20_000;

/// Nobody holds a position for so long who does not wait.
const STUCK: Duration = Duration::from_millis(400);

/// A session of our own, and a transaction on it.
struct Session<'w> {
    world: &'w World,
    connection: MySqlConnection,
}

/// Whose batch it is, and where it goes.
const VICTIMS: [(Service, &str); 2] = [
    (Service::Fraud, "fraud_payments"),
    (Service::Legit, "legit_payments"),
];

/// Forces one on a processor.
pub fn force(world: &World, dice: usize) -> Outcome<Inflicted<'_>> {
    let (victim, table) = VICTIMS[dice % VICTIMS.len()];
    let before = counted(world)?;
    let mut session = Session::open(world)?;
    session.do_all(&[
        "CREATE DATABASE IF NOT EXISTS fraudstream_chaos",
        "CREATE TABLE IF NOT EXISTS fraudstream_chaos.weight (n INT PRIMARY KEY)",
        "SET SESSION cte_max_recursion_depth = 1000000, SESSION innodb_lock_wait_timeout = 20",
        "BEGIN",
    ])?;
    session.weigh()?;
    session.hold_places(table)?;
    let batch_waits = || Ok((world.system.database.held(victim.program())? > 0).then_some(()));
    Wait::seconds(30).until("a batch waits for us", || {
        if batch_waits()?.is_none() {
            return Ok(None);
        }
        pace(STUCK)?;
        batch_waits()
    })?;
    let positions = format!("SELECT * FROM sink_offset WHERE sink = '{victim}' FOR UPDATE");
    session.ask(&positions)?;
    session.do_all(&["ROLLBACK"])?;
    match counted(world)? - before {
        0 => Err(Failure::new("InnoDB has seen no deadlock")),
        count => Inflicted::over(format!("{count} counted by InnoDB, lost by {victim}")),
    }
}

impl<'w> Session<'w> {
    fn open(world: &'w World) -> Outcome<Self> {
        let connection = MySqlConnection::connect(&world.database_url);
        let connection = world
            .runtime
            .block_on(connection)
            .attempt("open a session")?;
        Ok(Self { world, connection })
    }

    fn ask(&mut self, question: &str) -> Outcome<Vec<MySqlRow>> {
        let asked = self
            .connection
            .fetch_all(AssertSqlSafe(question.to_owned()));
        self.world.runtime.block_on(asked).attempt(question)
    }

    fn do_all(&mut self, statements: &[&str]) -> Outcome {
        statements.iter().try_for_each(|it| self.ask(it).map(drop))
    }

    fn weigh(&mut self) -> Outcome {
        self.do_all(&[&format!(
            "INSERT INTO fraudstream_chaos.weight WITH RECURSIVE numbers (n) AS \
             (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {WEIGHT}) SELECT n FROM numbers"
        )])
    }

    /// Locks the gap behind the newest payment of each partition.
    fn hold_places(&mut self, table: &str) -> Outcome {
        let topic = format!("SELECT source_topic_id FROM {table} LIMIT 1");
        let topic = match self.ask(&topic)?.first() {
            Some(row) => row.try_get::<String, _>(0).attempt("read a topic's id")?,
            None => return Err(Failure::new(format!("{table} has no row yet"))),
        };
        let names = &self.world.system.names;
        for partition in 0..PARTITIONS {
            let of_partition = format!(
                "FROM {table} WHERE source_topic_id = '{topic}' AND source_topic = '{}' AND source_partition = {partition}",
                names.payments
            );
            let newest = self.ask(&format!(
                "SELECT COALESCE(MAX(source_offset), -1) {of_partition}"
            ))?;
            let newest: i64 = match newest.first() {
                Some(row) => row.try_get(0).attempt("read an offset")?,
                None => -1,
            };
            let places = format!(
                "SELECT source_offset {of_partition} AND source_offset > {newest} FOR UPDATE"
            );
            self.ask(&places)?;
        }
        Ok(())
    }
}

/// What InnoDB has counted. Asked as its administrator, who is at home in the container alone.
fn counted(world: &World) -> Outcome<u64> {
    let mysql = world.docker.first(MYSQL)?;
    let ask = "MYSQL_PWD=\"$MYSQL_ROOT_PASSWORD\" mysql --user=root --skip-column-names --execute \
               'SELECT count FROM information_schema.innodb_metrics WHERE name = \"lock_deadlocks\"'";
    let told = world.docker.docker(&["exec", &mysql.id, "sh", "-c", ask])?;
    told.trim()
        .parse()
        .attempt("read InnoDB's count of deadlocks")
}
