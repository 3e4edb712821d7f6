//! Why a log could not be read.

use std::time::Duration;

/// A reading that came to nothing. Its text is a sentence for an operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// A broker answered, and refused us.
    #[error("{0}")]
    Denied(String),
    /// Nobody answered.
    #[error("could not {attempt}: {why}")]
    Unreachable {
        /// What was asked.
        attempt: String,
        /// What librdkafka said.
        why: String,
    },
    /// There is no such topic. Holds what was attempted with it.
    #[error("could not {0}: there is no such topic")]
    NoTopic(String),
    /// The time was up before the end was reached.
    #[error(
        "reading {topic}/{partition} came to offset {reached} of {end} within {} s: {why}",
        .limit.as_secs_f64()
    )]
    OutOfTime {
        /// Topic.
        topic: String,
        /// One of the partitions that are not done.
        partition: i32,
        /// The offset after the last record that was read.
        reached: i64,
        /// The end that was seen at the start.
        end: i64,
        /// How long there was.
        limit: Duration,
        /// What was in the way, as far as is known.
        why: String,
    },
    /// The client library does not take a setting, or is of no use any more.
    #[error("the Kafka client gave up: {0}")]
    Client(String),
    /// The process ends.
    #[error("told to stop")]
    Stopped,
}
