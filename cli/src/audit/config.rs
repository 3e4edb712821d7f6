//! What the audit is told.

use std::time::Duration;

use kafka::Role;
use serde::Deserialize;
use settings::{Fallback, Reading, Variable};

use super::books::Names;

const DEADLINE_MS: Variable = Variable::new(
    "AUDIT_DEADLINE_MS",
    "milliseconds",
    Fallback::Value("600000"),
    "longest time that one reading of everything may take; after it the audit could not tell (exit 2)",
);
const INTERVAL_MS: Variable = Variable::new(
    "AUDIT_INTERVAL_MS",
    "milliseconds",
    Fallback::Value("15000"),
    "pause between two readings of audit --follow",
);
const DETECTOR_GROUP: Variable = Variable::new(
    "AUDIT_DETECTOR_GROUP",
    "text",
    Fallback::Value("fraud-detector"),
    "consumer group of the detector, whose committed offsets say what is decided",
);

/// What the audit is told.
#[derive(Debug, Clone)]
pub struct Config {
    /// How to reach the brokers.
    pub kafka: kafka::Config,
    /// The topics.
    pub names: Names,
    /// Where rows rest.
    pub database: store::Config,
    /// The detector's consumer group.
    pub detector_group: String,
    /// How long one reading of everything may take.
    pub deadline: Duration,
    /// Pause between two readings.
    pub interval: Duration,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Room {
    deadline_ms: Option<String>,
    interval_ms: Option<String>,
    detector_group: Option<String>,
}

impl Config {
    /// The variables, room by room.
    pub const ROOMS: &[&[Variable]] = &[
        &[DETECTOR_GROUP, DEADLINE_MS, INTERVAL_MS],
        kafka::Config::VARIABLES,
        &[
            Role::Payments.variable(),
            Role::Fraud.variable(),
            Role::Legit.variable(),
            Role::DeadLetters.variable(),
        ],
        store::VARIABLES,
    ];

    /// Reads every room; `None` when a problem was noted.
    pub fn read(reading: &mut Reading<'_>) -> Option<Self> {
        let kafka = kafka::Config::read(reading);
        let payments = Role::Payments.read(reading);
        let fraud = Role::Fraud.read(reading);
        let legit = Role::Legit.read(reading);
        let dead_letters = Role::DeadLetters.read(reading);
        let database = store::Config::read(reading);
        let room: Room = reading.room("AUDIT_");
        let detector_group = reading.parse(&DETECTOR_GROUP, room.detector_group);
        let deadline_ms = reading.within(&DEADLINE_MS, room.deadline_ms, 1..=86_400_000_u64);
        let interval_ms = reading.within(&INTERVAL_MS, room.interval_ms, 100..=86_400_000_u64);
        Some(Self {
            kafka: kafka?,
            names: Names {
                payments: payments?.name,
                fraud: fraud?.name,
                legit: legit?.name,
                dead_letters: dead_letters?.name,
            },
            database: database?,
            detector_group: detector_group?,
            deadline: Duration::from_millis(deadline_ms?),
            interval: Duration::from_millis(interval_ms?),
        })
    }
}

#[cfg(test)]
mod tests {
    use settings::{Environment, prefixes};

    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<(Config, Vec<String>), String> {
        let environment = Environment::from_iter(variables.iter().copied());
        let mut reading = Reading::new(&environment);
        let config = Config::read(&mut reading);
        let finished = reading.finish(config, Config::ROOMS, &prefixes(Config::ROOMS));
        finished.map_err(|problems| problems.to_string())
    }

    #[test]
    fn only_the_database_has_to_be_named() {
        let (config, warnings) = read(&[("DATABASE_URL", "sqlite:rows.db")]).unwrap();
        assert_eq!(config.detector_group, "fraud-detector");
        assert_eq!(config.deadline, Duration::from_secs(600));
        assert_eq!(config.names.dead_letters, "payments_dlq");
        assert_eq!(warnings, Vec::<String>::new());
        assert!(read(&[]).unwrap_err().contains("DATABASE_URL"));
    }

    #[test]
    fn every_problem_is_named_at_once() {
        let problems = read(&[
            ("AUDIT_DEADLINE_MS", "soon"),
            ("AUDIT_INTERVAL_MS", "0"),
            ("TOPIC_DLQ", "no spaces"),
        ]);
        let problems = problems.unwrap_err();
        for name in [
            "AUDIT_DEADLINE_MS",
            "AUDIT_INTERVAL_MS",
            "TOPIC_DLQ",
            "DATABASE_URL",
        ] {
            assert!(problems.contains(name), "{name} in {problems}");
        }
    }
}
