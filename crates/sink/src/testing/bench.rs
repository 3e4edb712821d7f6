//! A cluster with the topic, and a database with the tables, of one test.

use std::path::Path;
use std::time::{Duration, Instant};

use kafka::testing::Cluster;
use kafka::{Creation, Role, Topic};
use store::testing::{Fresh, RestingAlert, RestingPayment};
use store::{DeadLetterRow, Relation, Table};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

use super::output::Output;
use crate::{Config, Options};

/// No test waits longer for one thing.
const DEADLINE: Duration = Duration::from_secs(60);

/// What a topic takes whose records are payments with headers: both by the brokers' own limits.
const OUTPUT_BYTES: &str = "1114124";

/// Everything that a processor needs around it.
pub struct Bench {
    /// The brokers.
    pub cluster: Cluster,
    /// The database.
    pub database: Fresh,
    /// The consumer group.
    pub group: String,
    /// The topic that is stored.
    pub topic: String,
    /// Its partitions.
    pub partitions: i32,
    /// Where its payments rest.
    pub table: Table,
    role: Role,
    runtime: Runtime,
    _directory: TempDir,
}

/// What a bench stands on.
struct Ground {
    cluster: Cluster,
    database: Fresh,
    runtime: Runtime,
    directory: TempDir,
}

impl Ground {
    fn new(cluster: Cluster, database: impl AsyncFnOnce(&Path) -> Fresh) -> Self {
        let directory = TempDir::new().expect("a directory");
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime");
        Self {
            cluster,
            database: runtime.block_on(database(directory.path())),
            runtime,
            directory,
        }
    }
}

impl Bench {
    /// On the servers that are named, and on embedded ones where none are.
    pub fn any(table: Table, partitions: i32) -> Self {
        let ground = Ground::new(Cluster::any(), async |directory| {
            Fresh::any(directory).await
        });
        Self::on(ground, table, partitions)
    }

    /// On real servers; a test that needs them cannot do without.
    pub fn real(table: Table, partitions: i32) -> Self {
        let ground = Ground::new(Cluster::real(), async |_| Fresh::real().await);
        Self::on(ground, table, partitions)
    }

    fn on(ground: Ground, table: Table, partitions: i32) -> Self {
        let Ground {
            cluster,
            database,
            runtime,
            directory,
        } = ground;
        let (role, name) = match table {
            Table::Fraud => (Role::Fraud, "fraud"),
            Table::Legit => (Role::Legit, "legit"),
        };
        Self {
            group: cluster.group("processor"),
            topic: cluster.topic_with(name, partitions, &[("max.message.bytes", OUTPUT_BYTES)]),
            cluster,
            database,
            partitions,
            role,
            table,
            runtime,
            _directory: directory,
        }
    }

    /// The defaults of the services, for one in this process. `now_ms` is the wall clock, which is not ours to read.
    pub fn config(&self, now_ms: fn() -> i64) -> Config {
        Config {
            kafka: self.cluster.config(),
            group_id: self.group.clone(),
            topic: Topic {
                name: self.topic.clone(),
                role: self.role,
            },
            creation: Creation {
                create: true,
                partitions: self.partitions,
                replication_factor: -1,
                min_insync_replicas: -1,
            },
            database: self.database.config(),
            options: Options {
                batch_records: 1_000,
                batch_interval: Duration::from_millis(50),
                now_ms,
            },
        }
    }

    /// The same as variables, for one in a process of its own: on real brokers only. Later ones win, so they can be added to.
    pub fn variables(&self) -> Vec<(String, String)> {
        let variables = [
            (
                "KAFKA_BOOTSTRAP_SERVERS",
                self.cluster.config().bootstrap_servers,
            ),
            ("KAFKA_GROUP_ID", self.group.clone()),
            (self.role.variable().name, self.topic.clone()),
            ("TOPIC_PARTITIONS", self.partitions.to_string()),
            ("DATABASE_URL", self.database.url().to_owned()),
            // The shortest that brokers allow: a killed member's partitions come back after it.
            ("KAFKA_PROPERTY_SESSION_TIMEOUT_MS", "6000".to_owned()),
            ("KAFKA_PROPERTY_HEARTBEAT_INTERVAL_MS", "1500".to_owned()),
        ];
        let owned = |(name, value): (&str, String)| (name.to_owned(), value);
        variables.map(owned).into()
    }

    /// Sends records to one partition, in this order.
    pub fn send<'a>(&self, partition: i32, outputs: impl IntoIterator<Item = &'a Output>) {
        let sender = self.cluster.sender();
        for output in outputs {
            output.send(&sender, &self.topic, partition);
        }
        sender.flush();
    }

    /// Makes the tables, and takes the primary keys of payments and alerts away: now a row can stand there twice, if somebody stores it
    /// twice.
    pub fn without_primary_keys(&self) {
        let migrated = async { self.database.store().await.close().await };
        self.runtime.block_on(migrated);
        for relation in [Relation::from(self.table), Relation::Alerts] {
            self.sql(&format!("ALTER TABLE {relation} DROP PRIMARY KEY"));
        }
    }

    /// Runs a statement of the test's own; says how many rows it changed.
    pub fn sql(&self, statement: &str) -> u64 {
        self.runtime.block_on(self.database.sql(statement))
    }

    /// The number that a query of the test's own answers.
    pub fn number(&self, query: &str) -> Option<i64> {
        self.runtime.block_on(self.database.number(query))
    }

    /// How many rows a relation has.
    pub fn count(&self, relation: Relation) -> usize {
        let count = self.number(&format!("SELECT COUNT(*) FROM {relation}"));
        count
            .and_then(|count| count.try_into().ok())
            .expect("a count")
    }

    /// All payments once there are so many rows; fails when there are more.
    pub fn payments(&self, count: usize) -> Vec<RestingPayment> {
        self.wait_for_rows(self.table.into(), count);
        let rows = self.runtime.block_on(self.database.payments(self.table));
        assert_eq!(rows.len(), count, "rows of payments");
        rows
    }

    /// All dead letters once there are so many; fails when there are more.
    pub fn dead_letters(&self, count: usize) -> Vec<DeadLetterRow> {
        self.wait_for_rows(Relation::DeadLetters, count);
        let rows = self.runtime.block_on(self.database.dead_letters());
        assert_eq!(rows.len(), count, "rows of dead letters");
        rows
    }

    /// All alerts once there are so many; fails when there are more.
    pub fn alerts(&self, count: usize) -> Vec<RestingAlert> {
        self.wait_for_rows(Relation::Alerts, count);
        let rows = self.runtime.block_on(self.database.alerts());
        assert_eq!(rows.len(), count, "rows of alerts");
        rows
    }

    /// Waits until a relation has so many rows, or more.
    pub fn wait_for_rows(&self, relation: Relation, count: usize) {
        let end = Instant::now() + DEADLINE;
        loop {
            let found = self.count(relation);
            if found >= count {
                return;
            }
            assert!(
                Instant::now() < end,
                "{found} rows in {relation}, not {count}"
            );
            // Between two looks.
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The position of a partition as the database has it; 0 where nothing was stored.
    pub fn position(&self, partition: i32) -> i64 {
        self.of_offset("next_offset", partition).unwrap_or(0)
    }

    /// How often a partition was claimed.
    pub fn epoch(&self, partition: i32) -> i64 {
        self.of_offset("epoch", partition).unwrap_or(0)
    }

    /// The id of the topic as the processor noted it.
    pub fn topic_id(&self) -> String {
        let select = format!(
            "SELECT topic_id FROM sink_offset WHERE topic = '{}'",
            self.topic
        );
        let id = self.runtime.block_on(self.database.text(&select));
        id.expect("a topic's id")
    }

    /// What the group has committed to Kafka for a partition, which nobody reads back.
    pub fn told(&self, partition: i32) -> Option<i64> {
        let committed = self
            .cluster
            .committed(&self.group, &self.topic, self.partitions);
        committed.get(&partition)?.offset
    }

    fn of_offset(&self, column: &str, partition: i32) -> Option<i64> {
        self.number(&format!(
            "SELECT {column} FROM sink_offset WHERE topic = '{}' AND part = {partition}",
            self.topic
        ))
    }
}
