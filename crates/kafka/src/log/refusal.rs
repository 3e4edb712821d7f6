//! What comes back in place of an answer, and what becomes of it.

use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use super::LogError;

/// What came back in place of an answer.
pub(super) enum Refusal {
    Kafka(KafkaError),
    Text(String),
}

/// What becomes of it.
pub(super) enum Sorted {
    /// It will be the same however often one asks.
    Final(LogError),
    /// The place is not in the log any more.
    Gone,
    /// It may be better next time.
    Passing(String),
}

impl Refusal {
    pub fn sort(self, attempt: &str) -> Sorted {
        use RDKafkaErrorCode as Code;
        let error = match self {
            Self::Text(why) => return Sorted::Passing(why),
            Self::Kafka(error) => error,
        };
        let why = error.to_string();
        if matches!(error, KafkaError::MessageConsumptionFatal(_)) {
            return Sorted::Final(LogError::Client(why));
        }
        match error.rdkafka_error_code() {
            Some(
                Code::TopicAuthorizationFailed
                | Code::GroupAuthorizationFailed
                | Code::ClusterAuthorizationFailed
                | Code::SaslAuthenticationFailed
                | Code::Authentication,
            ) => Sorted::Final(LogError::Denied(format!("could not {attempt}: {why}"))),
            Some(
                Code::UnknownTopic
                | Code::UnknownTopicOrPartition
                | Code::UnknownTopicId
                | Code::InvalidTopic,
            ) => Sorted::Final(LogError::NoTopic(attempt.to_owned())),
            Some(Code::AutoOffsetReset | Code::OffsetOutOfRange | Code::NoOffset) => Sorted::Gone,
            Some(Code::Fatal) => Sorted::Final(LogError::Client(why)),
            _ => Sorted::Passing(why),
        }
    }
}

impl From<KafkaError> for Refusal {
    fn from(error: KafkaError) -> Self {
        Self::Kafka(error)
    }
}
