//! Reading a whole topic, as a consumer that only sees what is committed.

use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Headers as _, Message as _};
use rdkafka::{ClientConfig, Offset};

use super::{Isolation, Kafka, PARTITIONS, config, list};
use crate::failure::{Attempt, Failure, Outcome};
use crate::wait::{Wait, pace};

/// A record, still in the client's memory.
pub type Record<'a> = BorrowedMessage<'a>;

/// Brokers and disks here are the local ones.
const LIMIT: Duration = Duration::from_secs(300);

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
        let (started, mut records) = (Instant::now(), 0);
        while ended.contains(&false) {
            if started.elapsed() > LIMIT {
                let seconds = LIMIT.as_secs();
                let sentence = format!("{topic} could not be read to its end within {seconds} s");
                return Err(Failure::new(sentence));
            }
            match consumer.poll(Duration::from_millis(100)) {
                Some(Ok(record)) => {
                    records += 1;
                    each(&record)?;
                }
                Some(Err(KafkaError::PartitionEOF(partition))) => {
                    if let Some(ended) = ended.get_mut(partition.unsigned_abs() as usize) {
                        *ended = true;
                    }
                }
                Some(Err(error)) => return Err(error).attempt(format_args!("read {topic}")),
                None => pace(Duration::ZERO)?,
            }
        }
        Ok(records)
    }
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
