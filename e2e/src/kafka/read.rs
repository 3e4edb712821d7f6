//! Reading a whole topic, as a consumer that only sees what is committed.

use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Headers as _, Message as _};
use rdkafka::{ClientConfig, Offset};

use super::{Isolation, Kafka, PARTITIONS, config, list};
use crate::failure::{Attempt, Failure, Outcome};
use crate::wait::{Wait, pace};

/// A record, still in the client's memory.
pub type Record<'a> = BorrowedMessage<'a>;

/// Brokers and disks here are the local ones: whoever has more to say says something in this time.
const LIMIT: Duration = Duration::from_secs(120);

impl Kafka {
    /// Hands every committed record of a topic to `each`, from its first to its last, once no
    /// transaction is open any more. Says how many there were.
    pub fn read(&self, topic: &str, mut each: impl FnMut(&Record<'_>) -> Outcome) -> Outcome<u64> {
        // A killed process leaves a transaction open until its timeout, which hides what follows.
        Wait::seconds(30)
            .every(Duration::from_millis(250))
            .until(format_args!("no transaction is open on {topic}"), || {
                Ok((self.open_partitions(topic)? == 0).then_some(()))
            })?;
        let mut client = client(&self.bootstrap, Isolation::Committed);
        client.set("group.id", "fraudstream-e2e-reader");
        let consumer: BaseConsumer = client.create().attempt("make a consumer")?;
        consumer
            .assign(&list(topic, Offset::Beginning)?)
            .attempt(format_args!("assign {topic}"))?;
        let mut ended = [false; PARTITIONS as usize];
        let (mut heard, mut records, mut trouble) = (Instant::now(), 0, String::new());
        while ended.contains(&false) {
            if heard.elapsed() > LIMIT {
                let seconds = LIMIT.as_secs();
                let sentence = format!(
                    "{topic} could not be read to its end: nothing for {seconds} s{trouble}"
                );
                return Err(Failure::new(sentence));
            }
            match consumer.poll(Duration::from_millis(100)) {
                Some(Ok(record)) => {
                    (heard, records) = (Instant::now(), records + 1);
                    each(&record)?;
                }
                Some(Err(KafkaError::PartitionEOF(partition))) => {
                    heard = Instant::now();
                    if let Some(ended) = ended.get_mut(partition.unsigned_abs() as usize) {
                        *ended = true;
                    }
                }
                // The client connects again by itself and goes on from where it was.
                Some(Err(error)) if is_passing(&error) => trouble = format!(", and {error}"),
                Some(Err(error)) => return Err(error).attempt(format_args!("read {topic}")),
                None => pace(Duration::ZERO)?,
            }
        }
        Ok(records)
    }
}

/// Whether it is about a connection, and not about what was asked for.
fn is_passing(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::BrokerTransportFailure
                | RDKafkaErrorCode::AllBrokersDown
                | RDKafkaErrorCode::OperationTimedOut
                | RDKafkaErrorCode::RequestTimedOut
                | RDKafkaErrorCode::Resolve
        )
    )
}

/// A consumer that reads from positions that it is told and commits nothing.
pub(super) fn client(bootstrap: &str, isolation: Isolation) -> ClientConfig {
    let mut client = config(bootstrap);
    client
        .set("enable.auto.commit", "false")
        .set("enable.partition.eof", "true")
        .set("auto.offset.reset", "error")
        .set("fetch.wait.max.ms", "50")
        .set(
            "isolation.level",
            match isolation {
                Isolation::Committed => "read_committed",
                Isolation::Uncommitted => "read_uncommitted",
            },
        );
    client
}

/// The text of the record's only header of this name.
pub fn header<'a>(record: &'a Record<'_>, name: &str) -> Option<&'a str> {
    let headers = record.headers()?;
    let mut found = headers.iter().filter(|header| header.key == name);
    let text = std::str::from_utf8(found.next()?.value?).ok()?;
    found.next().is_none().then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_that_breaks_is_passing_and_a_log_that_is_gone_is_not() {
        let check = |code, expected| {
            let error = KafkaError::MessageConsumption(code);
            assert_eq!(is_passing(&error), expected, "{error}");
        };
        check(RDKafkaErrorCode::BrokerTransportFailure, true);
        check(RDKafkaErrorCode::AllBrokersDown, true);
        check(RDKafkaErrorCode::OffsetOutOfRange, false);
        check(RDKafkaErrorCode::UnknownTopicOrPartition, false);
    }
}
