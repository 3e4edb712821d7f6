//! The detector's configuration.

use std::sync::Arc;
use std::time::Duration;

use kafka::{Creation, Role, Topic};
use rules::RuleSet;
use serde::Deserialize;
use settings::{Fallback, Reading, Variable};

const GROUP_ID: Variable = Variable::new(
    "KAFKA_GROUP_ID",
    "text",
    Fallback::Value("fraud-detector"),
    "consumer group that all replicas share",
);
const WORKERS: Variable = Variable::new(
    "DETECTOR_WORKERS",
    "count",
    Fallback::Unset,
    "threads that each consume and produce; unset: one for every two cores, 1 to 4",
);
const COMMIT_INTERVAL_MS: Variable = Variable::new(
    "DETECTOR_COMMIT_INTERVAL_MS",
    "milliseconds",
    Fallback::Value("100"),
    "longest time that a decision waits for its commit",
);
const COMMIT_RECORDS: Variable = Variable::new(
    "DETECTOR_COMMIT_RECORDS",
    "count",
    Fallback::Value("10000"),
    "decisions after which a transaction is committed without waiting",
);
const INSTANCE: Variable = Variable::new(
    "DETECTOR_INSTANCE",
    "text",
    Fallback::Unset,
    "unique name of this replica, part of its transactional id; unset: the host name",
);
const DEAD_LETTER_LIMIT: Variable = Variable::new(
    "DETECTOR_DEAD_LETTER_LIMIT",
    "count",
    Fallback::Value("0"),
    "consecutive unreadable records after which a partition is halted; 0: never",
);

/// What the detector is told.
#[derive(Debug, Clone)]
pub struct Config {
    /// How to reach the brokers.
    pub kafka: kafka::Config,
    /// The consumer group of all replicas.
    pub group_id: String,
    /// Where payments come from.
    pub payments: Topic,
    /// Where fraud goes.
    pub fraud: Topic,
    /// Where the rest goes.
    pub legit: Topic,
    /// Where unreadable records go.
    pub dead_letters: Topic,
    /// How missing topics are made.
    pub creation: Creation,
    /// What decides.
    pub rules: Arc<RuleSet>,
    /// Threads, each with a consumer and a producer.
    pub workers: usize,
    /// The longest time that a decision waits for its commit.
    pub commit_interval: Duration,
    /// So many decisions are committed without waiting.
    pub commit_records: usize,
    /// This replica's name.
    pub instance: String,
    /// Refusals in a row that halt a partition; 0 means never.
    pub dead_letter_limit: u32,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Room {
    workers: Option<String>,
    commit_interval_ms: Option<String>,
    commit_records: Option<String>,
    instance: Option<String>,
    dead_letter_limit: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Group {
    group_id: Option<String>,
}

impl Config {
    /// The variables of this service, room by room.
    pub const ROOMS: &[&[Variable]] = &[
        &[
            WORKERS,
            COMMIT_INTERVAL_MS,
            COMMIT_RECORDS,
            INSTANCE,
            DEAD_LETTER_LIMIT,
        ],
        &[GROUP_ID],
        kafka::Config::VARIABLES,
        &[
            Role::Payments.variable(),
            Role::Fraud.variable(),
            Role::Legit.variable(),
            Role::DeadLetters.variable(),
        ],
        Creation::VARIABLES,
    ];

    /// Reads every room; `None` when a problem was noted.
    pub fn read(reading: &mut Reading<'_>) -> Option<Self> {
        let kafka = kafka::Config::read(reading);
        let group: Group = reading.room("KAFKA_");
        let group_id = reading.parse(&GROUP_ID, group.group_id);
        let payments = Role::Payments.read(reading);
        let fraud = Role::Fraud.read(reading);
        let legit = Role::Legit.read(reading);
        let dead_letters = Role::DeadLetters.read(reading);
        let creation = Creation::read(reading);
        let room: Room = reading.room("DETECTOR_");
        let workers = match &room.workers {
            Some(text) if !text.is_empty() => reading.within(&WORKERS, room.workers, 1..=64_usize),
            _ => Some(default_workers()),
        };
        let commit_interval_ms =
            reading.within(&COMMIT_INTERVAL_MS, room.commit_interval_ms, 1..=5_000_u64);
        let commit_records =
            reading.within(&COMMIT_RECORDS, room.commit_records, 1..=1_000_000_usize);
        let instance = reading.optional::<String>(&INSTANCE, room.instance);
        let dead_letter_limit =
            reading.within(&DEAD_LETTER_LIMIT, room.dead_letter_limit, 0..=u32::MAX);
        Some(Self {
            kafka: kafka?,
            group_id: group_id?,
            payments: payments?,
            fraud: fraud?,
            legit: legit?,
            dead_letters: dead_letters?,
            creation: creation?,
            rules: Arc::new(RuleSet::default()),
            workers: workers?,
            commit_interval: Duration::from_millis(commit_interval_ms?),
            commit_records: commit_records?,
            instance: instance?
                .unwrap_or_else(|| gethostname::gethostname().to_string_lossy().into_owned()),
            dead_letter_limit: dead_letter_limit?,
        })
    }
}

/// One worker for every two cores: on two cores a second gains nothing.
fn default_workers() -> usize {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    (cores / 2).clamp(1, 4)
}

#[cfg(test)]
mod tests {
    use settings::Environment;

    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<(Config, Vec<String>), String> {
        let environment = Environment::from_iter(variables.iter().copied());
        let mut reading = Reading::new(&environment);
        let config = Config::read(&mut reading);
        reading
            .finish(config, Config::ROOMS, &["KAFKA_", "TOPIC_", "DETECTOR_"])
            .map_err(|problems| problems.to_string())
    }

    #[test]
    fn without_variables_it_is_what_the_tables_say() {
        let (config, warnings) = read(&[]).unwrap();
        assert_eq!(config.group_id, "fraud-detector");
        assert_eq!(config.commit_interval, Duration::from_millis(100));
        assert_eq!(
            (
                config.payments.name.as_str(),
                config.dead_letters.name.as_str()
            ),
            ("payments", "payments_dlq")
        );
        assert!((1..=4).contains(&config.workers));
        assert!(!config.instance.is_empty());
        assert_eq!(warnings, Vec::<String>::new());
    }

    #[test]
    fn every_problem_is_named_at_once() {
        let problems = read(&[
            ("DETECTOR_WORKERS", "many"),
            ("DETECTOR_COMMIT_INTERVAL_MS", "0"),
            ("TOPIC_FRAUD", "no spaces please"),
            ("KAFKA_BOOTSTRAP_SERVERS", "nowhere"),
            ("KAFKA_PROPERTY_ACKS", "0"),
        ])
        .unwrap_err();
        for name in [
            "DETECTOR_WORKERS",
            "DETECTOR_COMMIT_INTERVAL_MS",
            "TOPIC_FRAUD",
            "KAFKA_BOOTSTRAP_SERVERS",
            "KAFKA_PROPERTY_ACKS",
        ] {
            assert!(problems.contains(name), "{name} in {problems}");
        }
    }

    #[test]
    fn a_mistyped_variable_warns_with_the_nearest_name() {
        let (_, warnings) = read(&[("DETECTOR_WORKER", "2")]).unwrap();
        assert!(
            warnings.len() == 1 && warnings[0].contains("DETECTOR_WORKERS"),
            "{warnings:?}"
        );
    }
}
