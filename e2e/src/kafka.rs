//! What the brokers say, asked by a client of our own.

mod read;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::metadata::MetadataPartition;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use tokio::runtime::Runtime;

use crate::failure::{Attempt, Failure, Outcome};
use crate::wait::Wait;

pub use read::{Record, header};

/// Partitions of every topic here.
pub const PARTITIONS: i32 = 6;

/// How long one question may take.
const ASK: Duration = Duration::from_secs(5);

/// How long a question is asked again while a partition moves from one broker to another.
const PERSISTENCE_SECONDS: u64 = 15;

/// Whether the ends of a log count records whose transaction is still open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isolation {
    /// Up to the first open transaction: what the services read.
    Committed,
    /// All there is.
    Uncommitted,
}

/// A view of the cluster.
pub struct Kafka {
    bootstrap: String,
    runtime: Arc<Runtime>,
    committed: BaseConsumer,
    uncommitted: BaseConsumer,
    admin: AdminClient<DefaultClientContext>,
}

impl Kafka {
    /// Makes the clients; they connect by themselves. Offsets are asked of `group`, which is never
    /// joined.
    pub fn new(bootstrap: &str, group: &str, runtime: Arc<Runtime>) -> Outcome<Self> {
        let consumer = |isolation| -> Outcome<BaseConsumer> {
            let mut client = read::client(bootstrap, isolation);
            client.set("group.id", group);
            client.create().attempt("make a consumer")
        };
        Ok(Self {
            bootstrap: bootstrap.to_owned(),
            committed: consumer(Isolation::Committed)?,
            uncommitted: consumer(Isolation::Uncommitted)?,
            admin: config(bootstrap).create().attempt("make an admin client")?,
            runtime,
        })
    }

    /// How many brokers answer. A client of its own, so that nothing is remembered.
    pub fn brokers(&self) -> Outcome<usize> {
        let client: BaseConsumer = config(&self.bootstrap)
            .create()
            .attempt("make a consumer")?;
        let metadata = client.fetch_metadata(None, Duration::from_secs(3));
        Ok(metadata.attempt("ask for brokers")?.brokers().len())
    }

    /// The offsets after the last record of each partition.
    pub fn ends(&self, topic: &str, isolation: Isolation) -> Outcome<Vec<i64>> {
        let consumer = match isolation {
            Isolation::Committed => &self.committed,
            Isolation::Uncommitted => &self.uncommitted,
        };
        let ends = persistently(|| {
            // "The time after all times" is how the protocol asks for the end.
            let answered = consumer.offsets_for_times(list(topic, Offset::End)?, ASK);
            if answered.is_err() {
                // librdkafka remembers for long that it did not know a topic, unless it asks itself.
                let _ = consumer.fetch_metadata(Some(topic), ASK);
            }
            offsets(&answered.attempt(format_args!("ask for the ends of {topic}"))?)
        })?;
        let known: Option<Vec<i64>> = ends.into_iter().collect();
        known.ok_or_else(|| Failure::new(format!("a partition of {topic} tells no end")))
    }

    /// How many records a topic without transactions got.
    pub fn count(&self, topic: &str) -> Outcome<u64> {
        let ends = self.ends(topic, Isolation::Committed)?;
        Ok(ends.iter().sum::<i64>().unsigned_abs())
    }

    /// The positions that the group has committed, 0 where none.
    pub fn positions(&self, topic: &str) -> Outcome<Vec<i64>> {
        let positions = persistently(|| {
            let asked = list(topic, Offset::Invalid)?;
            // Uncommitted, or the coordinator lets us wait until no transaction is pending.
            let answered = self.uncommitted.committed_offsets(asked, ASK);
            offsets(&answered.attempt("ask for the group's offsets")?)
        })?;
        Ok(positions
            .into_iter()
            .map(|offset| offset.unwrap_or(0))
            .collect())
    }

    /// How many partitions of a topic have records whose transaction is open.
    pub fn open_partitions(&self, topic: &str) -> Outcome<usize> {
        let committed = self.ends(topic, Isolation::Committed)?;
        let all = self.ends(topic, Isolation::Uncommitted)?;
        let pairs = committed.iter().zip(&all);
        Ok(pairs.filter(|(committed, all)| committed < all).count())
    }

    /// How many members the group has.
    pub fn members(&self, group: &str) -> Outcome<usize> {
        let groups = self.committed.fetch_group_list(Some(group), ASK);
        let groups = groups.attempt(format_args!("ask for the members of {group}"))?;
        Ok(groups.groups().first().map_or(0, |it| it.members().len()))
    }

    /// The hosts on which the group's members are, as brokers see them. A replica may be more than one member.
    pub fn hosts(&self, group: &str) -> Outcome<BTreeSet<String>> {
        let groups = self.committed.fetch_group_list(Some(group), ASK);
        let groups = groups.attempt(format_args!("ask for the hosts of {group}"))?;
        let members = groups.groups().first().map_or(&[][..], |it| it.members());
        let host = |host: &str| host.trim_start_matches('/').to_owned();
        Ok(members.iter().map(|it| host(it.client_host())).collect())
    }

    /// The broker that leads each partition of a topic, in their order; -1 where there is none.
    pub fn leaders(&self, topic: &str) -> Outcome<Vec<i32>> {
        let metadata = self.committed.fetch_metadata(Some(topic), ASK);
        let metadata = metadata.attempt(format_args!("ask for {topic}"))?;
        let topic = metadata.topics().first();
        let mut partitions: Vec<&MetadataPartition> =
            topic.map_or_else(Vec::new, |it| it.partitions().iter().collect());
        partitions.sort_by_key(|partition| partition.id());
        Ok(partitions.iter().map(|it| it.leader()).collect())
    }

    /// Whether there is such a topic, with all its partitions.
    pub fn has(&self, topic: &str) -> Outcome<bool> {
        let metadata = self.committed.fetch_metadata(Some(topic), ASK);
        let metadata = metadata.attempt(format_args!("ask for {topic}"))?;
        let partitions = metadata
            .topics()
            .first()
            .map_or(&[][..], |it| it.partitions());
        let led = |it: &MetadataPartition| it.error().is_none() && it.leader() >= 0;
        Ok(!partitions.is_empty() && partitions.iter().all(led))
    }

    /// Makes a topic.
    pub fn create(&self, topic: &str) -> Outcome {
        let new = NewTopic::new(topic, PARTITIONS, TopicReplication::Fixed(3))
            .set("min.insync.replicas", "2");
        let made = self
            .runtime
            .block_on(self.admin.create_topics([&new], &AdminOptions::new()))
            .attempt(format_args!("create {topic}"))?;
        settle(
            made.into_iter()
                .map(|outcome| outcome.map_err(|(_, code)| code)),
        )
        .attempt(format_args!("create {topic}"))
    }

    /// Removes topics with all their records.
    pub fn delete(&self, topics: &[&str]) -> Outcome {
        let deleted = self
            .runtime
            .block_on(self.admin.delete_topics(topics, &AdminOptions::new()))
            .attempt("delete topics")?;
        settle(
            deleted
                .into_iter()
                .map(|outcome| outcome.map_err(|(_, code)| code)),
        )
        .attempt("delete topics")
    }

    /// Removes groups that nobody is a member of.
    pub fn delete_groups(&self, groups: &[&str]) -> Outcome {
        let deleted = self
            .runtime
            .block_on(self.admin.delete_groups(groups, &AdminOptions::new()))
            .attempt("delete groups")?;
        settle(
            deleted
                .into_iter()
                .map(|outcome| outcome.map_err(|(_, code)| code)),
        )
        .attempt("delete groups")
    }
}

/// What all our clients have in common.
fn config(bootstrap: &str) -> ClientConfig {
    let mut client = ClientConfig::new();
    client
        .set("bootstrap.servers", bootstrap)
        .set("client.id", "fraudstream-e2e")
        .set("reconnect.backoff.max.ms", "1000")
        .set("allow.auto.create.topics", "false");
    client
}

/// A producer of our own, for what payment-producer would never write.
pub fn producer(bootstrap: &str) -> ClientConfig {
    let mut client = config(bootstrap);
    client
        .set("enable.idempotence", "true")
        .set("acks", "all")
        .set("linger.ms", "50")
        .set("message.max.bytes", "1048588");
    client
}

/// Asks again for a while: on busy machines partitions change their leaders now and then, and the
/// first answer after that is an error.
fn persistently<T>(ask: impl Fn() -> Outcome<T>) -> Outcome<T> {
    let mut last = None;
    let answer = Wait::seconds(PERSISTENCE_SECONDS).until("the brokers answer", || match ask() {
        Ok(answer) => Ok(Some(answer)),
        Err(failure) => {
            last = Some(failure);
            Ok(None)
        }
    });
    answer.map_err(|failure| last.unwrap_or(failure))
}

fn list(topic: &str, offset: Offset) -> Outcome<TopicPartitionList> {
    let mut list = TopicPartitionList::new();
    for partition in 0..PARTITIONS {
        list.add_partition_offset(topic, partition, offset)
            .attempt("list partitions")?;
    }
    Ok(list)
}

fn offsets(list: &TopicPartitionList) -> Outcome<Vec<Option<i64>>> {
    list.elements()
        .iter()
        .map(|element| {
            element
                .error()
                .attempt(format_args!("partition {}", element.partition()))?;
            Ok(match element.offset() {
                Offset::Offset(offset) => Some(offset),
                _ => None,
            })
        })
        .collect()
}

fn settle<E>(mut outcomes: impl Iterator<Item = Result<String, E>>) -> Result<(), E> {
    outcomes.try_for_each(|outcome| outcome.map(drop))
}
