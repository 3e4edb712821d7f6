//! Logs as somebody sees them who takes part in nothing: for the audit.
//!
//! A [`LogReader`] joins no group, commits nothing and moves nobody's position. It reads what is committed, from where it is told
//! until the last stable offset has passed an end that was seen before: so every transaction that was open at that moment has
//! ended, and none of its records is overlooked.

mod error;
mod reach;
mod reading;
mod refusal;

use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::{Offset, TopicPartitionList};
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::connection::Connection;
use crate::consumer::Committed;
use crate::context::Context;
use crate::{client, embedded, native};
pub use error::LogError;
use refusal::{Refusal, Sorted};

/// How long one question to the cluster may take.
const ASK: Duration = Duration::from_secs(5);
/// How long a question is repeated before nobody is believed to be there.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long there must be no news before all of it was heard.
const NEWS: Duration = Duration::from_millis(10);
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(100);

/// Reads whole topics, one at a time.
pub struct LogReader {
    group: String,
    connection: Arc<Connection>,
    /// Sees what is committed, records and offsets.
    stable: BaseConsumer<Context>,
    /// Sees the end with its open transactions; reads no record.
    written: BaseConsumer<Context>,
    embedded: bool,
}

/// How long a reading may go on.
#[derive(Debug, Clone)]
pub struct Limits {
    /// When it began.
    pub start: Instant,
    /// How long it may take.
    pub deadline: Duration,
    /// Cancelled when nobody wants the result any more.
    pub stop: CancellationToken,
}

/// What to read of a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The partition.
    pub partition: i32,
    /// The first offset that is wanted.
    pub from: i64,
    /// The end that the last stable offset must have passed. Records past it may be read as well.
    pub to: i64,
}

/// Where the log of a partition begins and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watermarks {
    /// The partition.
    pub partition: i32,
    /// The first offset that the log still has.
    pub low: i64,
    /// The offset after the last record, those of open transactions included.
    pub high: i64,
    /// The last stable offset: before it every transaction has ended.
    pub stable: i64,
}

impl Limits {
    /// So much time from now on.
    pub fn within(deadline: Duration, stop: CancellationToken) -> Self {
        Self {
            start: Instant::now(),
            deadline,
            stop,
        }
    }

    /// What is left of the time.
    pub fn left(&self) -> Duration {
        self.deadline.saturating_sub(self.start.elapsed())
    }
}

impl LogReader {
    /// Makes the clients; they connect by themselves. `group` is the one whose offsets [`LogReader::committed`] asks for.
    ///
    /// # Errors
    /// librdkafka's sentence about a setting that it does not take.
    pub fn open(config: &Config, group: &str) -> Result<Self, LogError> {
        let connection = Arc::new(Connection::default());
        let mut settings = client::reader(config);
        // To ask as a group is not to join it: that takes a subscription.
        settings.set("group.id", group);
        let stable = consumer(&settings, &connection)?;
        // The one place that looks past open transactions: an end that hides them is no end to wait for.
        settings.set("isolation.level", "read_uncommitted");
        let written = consumer(&settings, &connection)?;
        Ok(Self {
            group: group.to_owned(),
            connection,
            stable,
            written,
            embedded: config.embedded,
        })
    }

    /// The id that the cluster gives the topic; empty where it gives none.
    pub fn topic_id(&self, topic: &str, limits: &Limits) -> Result<String, LogError> {
        // The answer to this question does not say which kind of failure it was: whoever asked for the partitions before knows
        // that the topic is there.
        self.partitions(topic, limits)?;
        self.ask(limits, &format!("ask for the id of topic {topic}"), || {
            native::topic_id(
                self.written.client(),
                topic,
                embedded::broker(self.embedded),
                ASK,
            )
            .map_err(Refusal::Text)
        })
        .map(Option::unwrap_or_default)
    }

    /// The partitions of a topic, in order.
    pub fn partitions(&self, topic: &str, limits: &Limits) -> Result<Vec<i32>, LogError> {
        self.ask(limits, &format!("ask for topic {topic}"), || {
            let metadata = self.written.fetch_metadata(Some(topic), ASK)?;
            let found = metadata
                .topics()
                .first()
                .ok_or(RDKafkaErrorCode::UnknownTopicOrPartition);
            let found = found.map_err(KafkaError::MetadataFetch)?;
            if let Some(error) = found.error() {
                return Err(KafkaError::MetadataFetch(error.into()).into());
            }
            let mut partitions: Vec<i32> = found
                .partitions()
                .iter()
                .map(|partition| partition.id())
                .collect();
            partitions.sort_unstable();
            Ok(partitions)
        })
    }

    /// Where the logs of these partitions begin and end, as of now.
    pub fn watermarks(
        &self,
        topic: &str,
        partitions: &[i32],
        limits: &Limits,
    ) -> Result<Vec<Watermarks>, LogError> {
        let of = |partition: &i32| {
            let (low, high) = self.ends(&self.written, topic, *partition, limits)?;
            let (_, stable) = self.ends(&self.stable, topic, *partition, limits)?;
            Ok(Watermarks {
                partition: *partition,
                low,
                high,
                stable,
            })
        };
        partitions.iter().map(of).collect()
    }

    /// What the group has committed for these partitions, waiting for transactions that are about to commit.
    pub fn committed(
        &self,
        topic: &str,
        partitions: &[i32],
        limits: &Limits,
    ) -> Result<Vec<Committed>, LogError> {
        let mut list = TopicPartitionList::with_capacity(partitions.len());
        for partition in partitions {
            list.add_partition(topic, *partition);
        }
        self.ask(
            limits,
            &format!("ask what group {} has committed", self.group),
            || {
                let answer = self.stable.committed_offsets(list.clone(), ASK)?;
                let read = |element: rdkafka::topic_partition_list::TopicPartitionListElem<'_>| {
                    element.error()?;
                    let offset = match element.offset() {
                        Offset::Offset(offset) => Some(offset),
                        _ => None,
                    };
                    Ok(Committed {
                        partition: element.partition(),
                        offset,
                        metadata: element.metadata().to_owned(),
                    })
                };
                answer.elements().into_iter().map(read).collect()
            },
        )
    }
    /// Where the log begins, and where it ends for this client.
    fn ends(
        &self,
        client: &BaseConsumer<Context>,
        topic: &str,
        partition: i32,
        limits: &Limits,
    ) -> Result<(i64, i64), LogError> {
        let attempt = format!("ask where {topic}/{partition} begins and ends");
        self.ask(limits, &attempt, || {
            Ok(client.fetch_watermarks(topic, partition, ASK)?)
        })
    }

    /// Asks the cluster until it answers, or is believed not to be there.
    fn ask<T>(
        &self,
        limits: &Limits,
        attempt: &str,
        call: impl Fn() -> Result<T, Refusal>,
    ) -> Result<T, LogError> {
        let patience = Instant::now() + PATIENCE.min(limits.left());
        loop {
            let refusal = match call() {
                Ok(answer) => {
                    // What it has to say would pile up.
                    while self.written.poll(Duration::ZERO).is_some() {}
                    return Ok(answer);
                }
                Err(refusal) => refusal,
            };
            // Serves what librdkafka has to say, above all why it cannot connect. This client has no records to deliver.
            while self.written.poll(NEWS).is_some() {}
            if let Some(why) = self.connection.denied() {
                return Err(LogError::Denied(why));
            }
            let why = match refusal.sort(attempt) {
                Sorted::Final(error) => return Err(error),
                Sorted::Gone => "the offset is outside of the log".to_owned(),
                Sorted::Passing(why) => why,
            };
            if limits.stop.is_cancelled() {
                return Err(LogError::Stopped);
            }
            if Instant::now() >= patience {
                let why = self.connection.answers().err().unwrap_or(why);
                return Err(LogError::Unreachable {
                    attempt: attempt.to_owned(),
                    why,
                });
            }
            std::thread::sleep(PAUSE);
        }
    }
}

fn consumer(
    settings: &rdkafka::ClientConfig,
    connection: &Arc<Connection>,
) -> Result<BaseConsumer<Context>, LogError> {
    settings
        .create_with_context(Context::new(Arc::clone(connection), None))
        .map_err(gave_up)
}

fn gave_up(error: KafkaError) -> LogError {
    LogError::Client(error.to_string())
}
