//! The topics: their names, and making sure that they are there.

mod asking;
mod ensure;

use serde::Deserialize;
use settings::{Fallback, FromText, Reading, Variable};

pub use ensure::{Ensured, TopicError, ensure};

/// What a topic is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Payments as they come in.
    Payments,
    /// Payments judged as fraud.
    Fraud,
    /// Payments judged as legitimate.
    Legit,
    /// Records that nobody could read.
    DeadLetters,
}

/// A topic that a service reads or writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub role: Role,
}

/// How topics that are missing are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Creation {
    /// Whether they are made at all.
    pub create: bool,
    /// Partitions of a new topic.
    pub partitions: i32,
    /// Replicas of each partition; -1 is the broker's default.
    pub replication_factor: i32,
    /// Replicas that must have a record before it counts; -1 is the broker's default.
    pub min_insync_replicas: i32,
}

const PAYMENTS: Variable = Variable::new(
    "TOPIC_PAYMENTS",
    "topic",
    Fallback::Value("payments"),
    "payments as they come in",
);
const FRAUD: Variable = Variable::new(
    "TOPIC_FRAUD",
    "topic",
    Fallback::Value("fraud_payments"),
    "payments judged as fraud",
);
const LEGIT: Variable = Variable::new(
    "TOPIC_LEGIT",
    "topic",
    Fallback::Value("legit_topic"),
    "payments judged as legitimate",
);
const DLQ: Variable = Variable::new(
    "TOPIC_DLQ",
    "topic",
    Fallback::Value("payments_dlq"),
    "records that nobody could read",
);
const CREATE: Variable = Variable::new(
    "TOPIC_CREATE",
    "true or false",
    Fallback::Value("true"),
    "make topics that are missing",
);
const PARTITIONS: Variable = Variable::new(
    "TOPIC_PARTITIONS",
    "count",
    Fallback::Value("6"),
    "partitions of a new topic",
);
const REPLICATION_FACTOR: Variable = Variable::new(
    "TOPIC_REPLICATION_FACTOR",
    "count",
    Fallback::Value("3"),
    "replicas of a new topic's partitions; -1: the broker's default",
);
const MIN_INSYNC_REPLICAS: Variable = Variable::new(
    "TOPIC_MIN_INSYNC_REPLICAS",
    "count",
    Fallback::Value("2"),
    "replicas that must have a record of a new topic before it is acknowledged; -1: the broker's default",
);

#[derive(Default, Deserialize)]
#[serde(default)]
struct Room {
    payments: Option<String>,
    fraud: Option<String>,
    legit: Option<String>,
    dlq: Option<String>,
    create: Option<String>,
    partitions: Option<String>,
    replication_factor: Option<String>,
    min_insync_replicas: Option<String>,
}

impl Role {
    /// The variable that names the topic of this role.
    pub const fn variable(self) -> Variable {
        match self {
            Self::Payments => PAYMENTS,
            Self::Fraud => FRAUD,
            Self::Legit => LEGIT,
            Self::DeadLetters => DLQ,
        }
    }

    /// Reads the name of the topic of this role; `None` when a problem was noted.
    pub fn read(self, reading: &mut Reading<'_>) -> Option<Topic> {
        let room: Room = reading.room("TOPIC_");
        let text = match self {
            Self::Payments => room.payments,
            Self::Fraud => room.fraud,
            Self::Legit => room.legit,
            Self::DeadLetters => room.dlq,
        };
        let name = reading.parse::<Name>(&self.variable(), text)?.0;
        Some(Topic { name, role: self })
    }
}

impl Creation {
    /// The variables of this room.
    pub const VARIABLES: &[Variable] =
        &[CREATE, PARTITIONS, REPLICATION_FACTOR, MIN_INSYNC_REPLICAS];

    /// Reads the room; `None` when a problem was noted.
    pub fn read(reading: &mut Reading<'_>) -> Option<Self> {
        let room: Room = reading.room("TOPIC_");
        let create = reading.parse::<bool>(&CREATE, room.create);
        let partitions = reading.within(&PARTITIONS, room.partitions, 1..=10_000);
        let replication_factor =
            reading.parse::<Replicas>(&REPLICATION_FACTOR, room.replication_factor);
        let min_insync_replicas =
            reading.parse::<Replicas>(&MIN_INSYNC_REPLICAS, room.min_insync_replicas);
        let creation = Self {
            create: create?,
            partitions: partitions?,
            replication_factor: replication_factor?.0,
            min_insync_replicas: min_insync_replicas?.0,
        };
        if creation.replication_factor > 0
            && creation.min_insync_replicas > creation.replication_factor
        {
            let expected = format!(
                "at most TOPIC_REPLICATION_FACTOR, which is {}",
                creation.replication_factor
            );
            reading.refuse(
                &MIN_INSYNC_REPLICAS,
                &creation.min_insync_replicas.to_string(),
                expected,
            );
            return None;
        }
        Some(creation)
    }
}

/// A name that Kafka takes.
struct Name(String);

impl FromText for Name {
    const EXPECTED: &'static str = "a topic's name: 1 to 249 letters, digits, dots, dashes and underscores, and neither . nor ..";

    fn from_text(text: &str) -> Option<Self> {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        (1..=249).contains(&text.len()).then_some(())?;
        (text.bytes().all(legal) && text != "." && text != "..").then(|| Self(text.to_owned()))
    }
}

/// A number of replicas, or -1.
struct Replicas(i32);

impl FromText for Replicas {
    const EXPECTED: &'static str = "a whole number from 1 to 32, or -1 for the broker's default";

    fn from_text(text: &str) -> Option<Self> {
        text.parse()
            .ok()
            .filter(|replicas| *replicas == -1 || (1..=32).contains(replicas))
            .map(Self)
    }
}

#[cfg(test)]
mod tests {
    use settings::Environment;

    use super::*;

    #[test]
    fn names_that_kafka_would_refuse_are_refused_here() {
        for name in ["", ".", "..", "a b", "a/b", "ä"] {
            assert!(Name::from_text(name).is_none(), "{name}");
        }
        assert!(Name::from_text(&"x".repeat(250)).is_none());
        assert!(Name::from_text("payments.v2_eu-west").is_some());
    }

    #[test]
    fn more_insync_replicas_than_replicas_is_a_contradiction() {
        let environment = Environment::from_iter([("TOPIC_REPLICATION_FACTOR", "1")]);
        let mut reading = Reading::new(&environment);
        let creation = Creation::read(&mut reading);
        let problems = reading
            .finish(creation, &[Creation::VARIABLES], &[])
            .unwrap_err()
            .to_string();
        assert!(problems.contains("TOPIC_MIN_INSYNC_REPLICAS"), "{problems}");
    }
}
