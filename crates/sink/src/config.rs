//! What a sink is told.

use std::time::Duration;

use kafka::{Creation, Role, Topic};
use serde::Deserialize;
use settings::{Fallback, Reading, Variable};

const BATCH_RECORDS: Variable = Variable::new(
    "SINK_BATCH_RECORDS",
    "count",
    Fallback::Value("1000"),
    "records that one SQL transaction stores at most",
);
const BATCH_INTERVAL_MS: Variable = Variable::new(
    "SINK_BATCH_INTERVAL_MS",
    "milliseconds",
    Fallback::Value("50"),
    "longest time that a record waits for its batch",
);

/// Everything that a processor needs to store a topic.
#[derive(Debug, Clone)]
pub struct Config {
    /// How to reach the brokers.
    pub kafka: kafka::Config,
    /// The consumer group of all replicas.
    pub group_id: String,
    /// What is stored.
    pub topic: Topic,
    /// How a missing topic is made.
    pub creation: Creation,
    /// Where it is stored.
    pub database: store::Config,
    /// How batches are made.
    pub options: Options,
}

/// How batches are made.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Records that one SQL transaction stores at most.
    pub batch_records: usize,
    /// The longest time that a record waits for its batch.
    pub batch_interval: Duration,
    /// The wall clock in milliseconds since the epoch, for latencies.
    pub now_ms: fn() -> i64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Room {
    batch_records: Option<String>,
    batch_interval_ms: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Group {
    group_id: Option<String>,
}

/// The variable that names the consumer group, with the service's own name for its default.
pub const fn group_variable(default: &'static str) -> Variable {
    Variable::new(
        "KAFKA_GROUP_ID",
        "text",
        Fallback::Value(default),
        "consumer group that all replicas share",
    )
}

impl Config {
    /// The variables of this room; a processor adds its group, its topic and the rooms of Kafka and the database.
    pub const VARIABLES: &[Variable] = &[BATCH_RECORDS, BATCH_INTERVAL_MS];

    /// Reads every room of a processor; `None` when a problem was noted.
    pub fn read(
        reading: &mut Reading<'_>,
        group_variable: &Variable,
        role: Role,
        now_ms: fn() -> i64,
    ) -> Option<Self> {
        let kafka = kafka::Config::read(reading);
        let group: Group = reading.room("KAFKA_");
        let group_id = reading.parse(group_variable, group.group_id);
        let topic = role.read(reading);
        let creation = Creation::read(reading);
        let database = store::Config::read(reading);
        let room: Room = reading.room("SINK_");
        let batch_records = reading.within(&BATCH_RECORDS, room.batch_records, 1..=100_000_usize);
        let batch_interval_ms =
            reading.within(&BATCH_INTERVAL_MS, room.batch_interval_ms, 1..=10_000_u64);
        Some(Self {
            kafka: kafka?,
            group_id: group_id?,
            topic: topic?,
            creation: creation?,
            database: database?,
            options: Options {
                batch_records: batch_records?,
                batch_interval: Duration::from_millis(batch_interval_ms?),
                now_ms,
            },
        })
    }
}
