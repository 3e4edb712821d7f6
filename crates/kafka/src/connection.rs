//! What the client library last said about its brokers.

use std::mem::{discriminant, take};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use tracing::info;

/// The state of the connections of one worker's clients, told by librdkafka's events and asked by probes.
#[derive(Debug, Default)]
pub struct Connection(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    standing: Standing,
    /// What librdkafka last said about a single broker: the reason, should it turn out that all of them are down.
    trouble: Option<String>,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Standing {
    /// Nothing bad was heard.
    #[default]
    Fine,
    /// No broker can be reached.
    Away,
    /// A broker answered and refused us, or we refuse its certificate.
    Denied(String),
}

/// What an error of a client says about its connections.
#[derive(Debug, PartialEq, Eq)]
enum News {
    /// All brokers are down.
    AllDown,
    /// One cannot be reached. The others may do.
    OneDown,
    /// A certificate that we refuse.
    BadCertificate,
    /// A broker that does not believe who we are.
    BadCredentials,
    /// Something else.
    None,
}

/// What to think of connections that break, though they can be made.
const BROKEN: &str = "the brokers are still starting, or KAFKA_SECURITY_PROTOCOL is not what they speak on that port";
/// What librdkafka says of a connection that could not even be made, or waited for.
const NOT_MADE: &[&str] = &["Connect to ", "resolve", "timed out"];

impl Connection {
    /// Whether brokers answer.
    ///
    /// # Errors
    /// A sentence about what is wrong.
    pub fn answers(&self) -> Result<(), String> {
        let state = self.state();
        match &state.standing {
            Standing::Fine => Ok(()),
            Standing::Denied(why) => Err(why.clone()),
            Standing::Away => Err(match state.trouble.as_deref() {
                // Of connections that are closed as soon as they are made librdkafka says nothing.
                None => {
                    format!("no broker can be reached: connections are closed at once; {BROKEN}")
                }
                Some(why) if NOT_MADE.iter().any(|text| why.contains(text)) => {
                    format!("no broker can be reached: {why}")
                }
                Some(why) => format!("no broker can be reached: {why}; {BROKEN}"),
            }),
        }
    }

    /// The sentence about a refusal, if that was the last word: a wrong password or authority does not mend itself.
    pub fn denied(&self) -> Option<String> {
        match &self.state().standing {
            Standing::Denied(why) => Some(why.clone()),
            Standing::Fine | Standing::Away => None,
        }
    }

    /// A broker answered, as whoever asked it knows.
    pub fn heard_from(&self) {
        let earlier = take(&mut *self.state());
        if earlier.standing != Standing::Fine {
            info!("brokers answer again");
        }
    }

    /// librdkafka reported an error of the whole client. Answers with a sentence when there is something new to tell.
    pub(crate) fn failed(&self, error: &KafkaError, reason: &str) -> Option<String> {
        let reason = without_times(reason);
        let mut state = self.state();
        let earlier = discriminant(&state.standing);
        match News::of(error, reason) {
            News::None => {}
            News::OneDown => state.trouble = Some(reason.to_owned()),
            News::BadCredentials => {
                state.standing = Standing::Denied(format!("the broker refused us: {reason}"));
            }
            News::BadCertificate => {
                state.standing = Standing::Denied(format!(
                    "the broker's certificate is refused, because no authority that KAFKA_SSL_CA_FILE names has signed it, it is out \
                     of date, or it was made out to another host: {reason}"
                ));
            }
            // A refusal is told once for each broker and then followed by "all brokers are down": it is the better sentence.
            News::AllDown if matches!(state.standing, Standing::Denied(_)) => {}
            News::AllDown => state.standing = Standing::Away,
        }
        // Every broker refuses in its own words; that is one piece of news.
        let news = discriminant(&state.standing) != earlier;
        drop(state);
        news.then(|| self.answers().err()).flatten()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl News {
    fn of(error: &KafkaError, reason: &str) -> Self {
        use RDKafkaErrorCode as Code;
        match error.rdkafka_error_code() {
            Some(Code::AllBrokersDown) => Self::AllDown,
            Some(Code::Authentication | Code::SaslAuthenticationFailed) => Self::BadCredentials,
            Some(Code::SSL) if reason.contains("certificate") => Self::BadCertificate,
            // A handshake that breaks off has the same code as one that was refused: a broker that is starting behind a proxy
            // looks like this, and so does a port without TLS.
            Some(Code::SSL | Code::BrokerTransportFailure | Code::Resolve | Code::BadMessage) => {
                Self::OneDown
            }
            _ => Self::None,
        }
    }
}

/// The reason without "(after 7ms in state CONNECT, 3 identical error(s) suppressed)", which makes the same reason another at
/// each try.
fn without_times(reason: &str) -> &str {
    reason
        .rfind(" (after ")
        .map_or(reason, |times| &reason[..times])
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFUSED: &str = "ssl://kafka:9092/bootstrap: Connect to ipv4#10.0.0.1:9092 failed: Connection refused (after 3ms in state CONNECT)";

    fn fail(connection: &Connection, code: RDKafkaErrorCode, reason: &str) {
        connection.failed(&KafkaError::Global(code), reason);
    }

    fn why(connection: &Connection) -> String {
        connection.answers().unwrap_err()
    }

    #[test]
    fn a_refusal_outlives_the_news_that_all_brokers_are_down() {
        let connection = Connection::default();
        assert!(connection.answers().is_ok());
        fail(&connection, RDKafkaErrorCode::AllBrokersDown, "3/3 down");
        assert!(connection.answers().is_err() && connection.denied().is_none());
        fail(
            &connection,
            RDKafkaErrorCode::Authentication,
            "bad password",
        );
        fail(&connection, RDKafkaErrorCode::AllBrokersDown, "3/3 down");
        assert!(
            connection
                .denied()
                .is_some_and(|why| why.contains("bad password"))
        );
        connection.heard_from();
        assert!(connection.answers().is_ok());
    }

    #[test]
    fn one_broker_that_is_down_is_no_trouble_until_all_are_and_then_it_is_the_reason() {
        let connection = Connection::default();
        fail(
            &connection,
            RDKafkaErrorCode::BrokerTransportFailure,
            REFUSED,
        );
        assert!(connection.answers().is_ok());
        fail(&connection, RDKafkaErrorCode::AllBrokersDown, "1/1 down");
        assert!(why(&connection).ends_with("Connection refused"));
    }

    #[test]
    fn a_connection_that_breaks_makes_it_doubt_the_protocol_and_one_that_cannot_be_made_does_not() {
        let connection = Connection::default();
        fail(&connection, RDKafkaErrorCode::AllBrokersDown, "1/1 down");
        assert!(why(&connection).contains("KAFKA_SECURITY_PROTOCOL"));
        for (reason, doubts) in [(REFUSED, false), ("Send failed: Broken pipe", true)] {
            fail(
                &connection,
                RDKafkaErrorCode::BrokerTransportFailure,
                reason,
            );
            assert_eq!(
                why(&connection).contains("KAFKA_SECURITY_PROTOCOL"),
                doubts,
                "{reason}"
            );
        }
    }

    #[test]
    fn the_same_trouble_is_told_once_until_brokers_answered_again() {
        let connection = Connection::default();
        let down = || {
            let error = KafkaError::Global(RDKafkaErrorCode::AllBrokersDown);
            connection.failed(&error, "1/1 down").is_some()
        };
        assert!(down() && !down());
        connection.heard_from();
        assert!(down());
    }

    #[test]
    fn only_what_a_handshake_says_about_certificates_is_a_refusal() {
        for (reason, denied) in [
            ("SSL handshake failed: certificate verify failed", true),
            ("Broker did not provide a certificate", true),
            ("SSL handshake failed: unexpected eof while reading", false),
            ("SSL handshake failed: wrong version number", false),
        ] {
            let connection = Connection::default();
            fail(&connection, RDKafkaErrorCode::SSL, reason);
            assert_eq!(connection.denied().is_some(), denied, "{reason}");
            fail(&connection, RDKafkaErrorCode::AllBrokersDown, "1/1 down");
            assert!(why(&connection).contains(reason));
        }
    }
}
