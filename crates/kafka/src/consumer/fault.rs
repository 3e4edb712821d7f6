//! What goes wrong with reading.

use std::fmt;

use rdkafka::error::{KafkaError, RDKafkaErrorCode};

/// What a consumer may report, sorted by what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConsumeFault {
    /// The consumer is of no use any more: the process ends and is started again.
    Fatal(String),
    /// A position lies outside of its log: the partition stands still.
    OutOfRange,
    /// The topic is not there, or not under the id it had.
    NoTopic(String),
    /// The client has stopped to read a partition whose position it found outside of the log, and takes no seek any more.
    Stopped(String),
    /// It passes, or somebody makes it pass: not ready until then.
    Passing(String),
}

impl fmt::Display for ConsumeFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fatal(why) => write!(f, "the consumer is of no use any more: {why}"),
            Self::OutOfRange => f.write_str("a position lies outside of its log"),
            Self::NoTopic(why) | Self::Stopped(why) | Self::Passing(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for ConsumeFault {}

/// Sorts what a poll reported; `None` for what is no fault.
pub(super) fn reported(error: KafkaError) -> Option<ConsumeFault> {
    let text = error.to_string();
    match error {
        KafkaError::PartitionEOF(_) => None,
        KafkaError::MessageConsumptionFatal(_) => Some(ConsumeFault::Fatal(text)),
        other => match other.rdkafka_error_code() {
            Some(RDKafkaErrorCode::Fatal) => Some(ConsumeFault::Fatal(text)),
            // The connection was told by the client's own error event, and will be told when it is over; here nobody would be.
            Some(
                RDKafkaErrorCode::AllBrokersDown
                | RDKafkaErrorCode::BrokerTransportFailure
                | RDKafkaErrorCode::Resolve
                | RDKafkaErrorCode::Authentication
                | RDKafkaErrorCode::SSL,
            ) => None,
            Some(
                RDKafkaErrorCode::AutoOffsetReset
                | RDKafkaErrorCode::OffsetOutOfRange
                | RDKafkaErrorCode::NoOffset,
            ) => Some(ConsumeFault::OutOfRange),
            Some(
                RDKafkaErrorCode::UnknownTopic
                | RDKafkaErrorCode::UnknownPartition
                | RDKafkaErrorCode::UnknownTopicOrPartition
                | RDKafkaErrorCode::UnknownTopicId,
            ) => Some(ConsumeFault::NoTopic(text)),
            _ => Some(ConsumeFault::Passing(text)),
        },
    }
}

pub(super) fn passing(error: KafkaError) -> ConsumeFault {
    ConsumeFault::Passing(error.to_string())
}

pub(super) fn fatal(error: KafkaError) -> ConsumeFault {
    ConsumeFault::Fatal(error.to_string())
}
