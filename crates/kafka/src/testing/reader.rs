//! Everything that a topic holds.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use super::cluster::DEADLINE;
use super::raw::Raw;

/// Reads one topic from its beginning, outside of any group.
pub struct Reader {
    consumer: BaseConsumer,
    topic: String,
    partitions: usize,
    /// Partitions that have been read to the last stable offset since the last record of theirs.
    ended: BTreeSet<i32>,
    seen: Vec<Raw>,
}

impl Reader {
    pub(super) fn new(servers: &str, topic: &str, isolation: &str) -> Self {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", servers)
            .set("group.id", "fraudstream-test-reader")
            .set("enable.auto.commit", "false")
            .set("isolation.level", isolation)
            .set("enable.partition.eof", "true")
            .set("fetch.wait.max.ms", "20")
            .set("fetch.queue.backoff.ms", "5")
            .create()
            .expect("a consumer");
        let partitions = partitions(&consumer, topic);
        let mut list = TopicPartitionList::new();
        for partition in &partitions {
            list.add_partition_offset(topic, *partition, Offset::Beginning)
                .expect("a position");
        }
        consumer.assign(&list).expect("an assignment");
        Self {
            consumer,
            topic: topic.to_owned(),
            partitions: partitions.len(),
            ended: BTreeSet::new(),
            seen: Vec::new(),
        }
    }

    /// Reads until there are so many records and no further one is committed; partitions mixed, each in order. There may be more
    /// than was asked for: whoever counts shall see them.
    pub fn read(&mut self, at_least: usize) -> &[Raw] {
        let end = Instant::now() + DEADLINE;
        while self.seen.len() < at_least || self.ended.len() < self.partitions {
            assert!(
                Instant::now() < end,
                "{} came to {} records of {at_least} within {} s",
                self.topic,
                self.seen.len(),
                DEADLINE.as_secs()
            );
            self.poll();
        }
        &self.seen
    }

    /// What was read so far, and what can be read at once.
    pub fn peek(&mut self) -> &[Raw] {
        while self.poll() {}
        &self.seen
    }

    /// Takes one record or event; false when none came within 50 ms.
    fn poll(&mut self) -> bool {
        match self.consumer.poll(Duration::from_millis(50)) {
            Some(Ok(message)) => {
                let raw = Raw::new(&message);
                self.ended.remove(&raw.partition);
                self.seen.push(raw);
                true
            }
            Some(Err(KafkaError::PartitionEOF(partition))) => {
                self.ended.insert(partition);
                true
            }
            // Passes, or the deadline tells.
            Some(Err(_)) => true,
            None => false,
        }
    }
}

/// The partitions of a topic, once it is there.
fn partitions(consumer: &BaseConsumer, topic: &str) -> Vec<i32> {
    let end = Instant::now() + DEADLINE;
    loop {
        let metadata = consumer.fetch_metadata(Some(topic), Duration::from_secs(5));
        let found = metadata
            .as_ref()
            .ok()
            .and_then(|metadata| metadata.topics().first());
        match found {
            Some(found) if found.error().is_none() && !found.partitions().is_empty() => {
                return found
                    .partitions()
                    .iter()
                    .map(|partition| partition.id())
                    .collect();
            }
            _ => assert!(Instant::now() < end, "topic {topic} is not there"),
        }
    }
}
