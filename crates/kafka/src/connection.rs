//! What the client library last said about its brokers.

use std::sync::{Mutex, PoisonError};

use rdkafka::error::{KafkaError, RDKafkaErrorCode};

/// The state of the connections of one worker's clients, told by librdkafka's events and asked by probes.
#[derive(Debug, Default)]
pub struct Connection(Mutex<State>);

#[derive(Debug, Default, Clone)]
enum State {
    /// Nothing bad was heard.
    #[default]
    Fine,
    /// No broker can be reached.
    Away(String),
    /// A broker answered, and refused us.
    Denied(String),
}

impl Connection {
    /// Whether brokers answer.
    ///
    /// # Errors
    /// librdkafka's sentence about what is wrong.
    pub fn answers(&self) -> Result<(), String> {
        match &*self.state() {
            State::Fine => Ok(()),
            State::Away(why) | State::Denied(why) => Err(why.clone()),
        }
    }

    /// The sentence with which a broker refused us, if the last word was a refusal: a wrong password or authority does not
    /// mend itself.
    pub fn denied(&self) -> Option<String> {
        match &*self.state() {
            State::Denied(why) => Some(why.clone()),
            State::Fine | State::Away(_) => None,
        }
    }

    /// A broker answered, as whoever asked it knows.
    pub fn heard_from(&self) {
        *self.state() = State::Fine;
    }

    /// librdkafka reported an error of the whole client.
    pub(crate) fn failed(&self, error: &KafkaError, reason: &str) {
        let mut state = self.state();
        match error.rdkafka_error_code() {
            Some(
                RDKafkaErrorCode::Authentication
                | RDKafkaErrorCode::SaslAuthenticationFailed
                | RDKafkaErrorCode::SSL,
            ) => {
                *state = State::Denied(format!("the broker refused the connection: {reason}"));
            }
            // A refusal is told once for each broker and then followed by "all brokers are down": it is the better sentence.
            Some(RDKafkaErrorCode::AllBrokersDown) if !matches!(*state, State::Denied(_)) => {
                *state = State::Away(format!("no broker can be reached: {reason}"));
            }
            _ => {}
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_outlives_the_news_that_all_brokers_are_down() {
        let connection = Connection::default();
        assert!(connection.answers().is_ok());
        connection.failed(
            &KafkaError::Global(RDKafkaErrorCode::AllBrokersDown),
            "3/3 brokers are down",
        );
        assert!(connection.answers().is_err() && connection.denied().is_none());
        connection.failed(
            &KafkaError::Global(RDKafkaErrorCode::Authentication),
            "bad password",
        );
        connection.failed(
            &KafkaError::Global(RDKafkaErrorCode::AllBrokersDown),
            "3/3 brokers are down",
        );
        assert!(
            connection
                .denied()
                .is_some_and(|why| why.contains("bad password"))
        );
        connection.heard_from();
        assert!(connection.answers().is_ok());
    }
}
