//! The cluster that a test runs on, and the topics that it made there.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use super::reader::Reader;
use super::sender::Sender;
use crate::config::Config;
use crate::consumer::Committed;
use crate::embedded::Embedded;

/// No test waits longer for one thing.
pub(super) const DEADLINE: Duration = Duration::from_secs(60);

/// The servers that tests use, when somebody runs some.
const SERVERS: &str = "KAFKA_BOOTSTRAP_SERVERS";

/// A cluster, and what a test made there under a name of its own. Dropping it takes that away again.
pub struct Cluster {
    config: Config,
    embedded: Option<Embedded>,
    prefix: String,
    made: Mutex<Made>,
}

#[derive(Default)]
struct Made {
    topics: Vec<String>,
    groups: Vec<String>,
}

impl Cluster {
    /// The brokers that `KAFKA_BOOTSTRAP_SERVERS` names; where it names none, an embedded cluster.
    pub fn any() -> Self {
        match std::env::var(SERVERS) {
            Ok(servers) if !servers.is_empty() => Self::at(Config::plaintext(servers), None),
            _ => {
                let embedded = Embedded::start(&[], 1).expect("an embedded cluster");
                Self::at(embedded.config(), Some(embedded))
            }
        }
    }

    /// The brokers that `KAFKA_BOOTSTRAP_SERVERS` names; a test that needs real ones cannot do without.
    pub fn real() -> Self {
        let servers = std::env::var(SERVERS).unwrap_or_default();
        assert!(
            !servers.is_empty(),
            "{SERVERS} is not set: this test needs real brokers; `make test-real` starts some and names them"
        );
        Self::at(Config::plaintext(servers), None)
    }

    fn at(config: Config, embedded: Option<Embedded>) -> Self {
        Self {
            config,
            embedded,
            prefix: format!(
                "test-{:08x}",
                RandomState::new().build_hasher().finish() as u32
            ),
            made: Mutex::default(),
        }
    }

    /// How to reach it.
    pub fn config(&self) -> Config {
        self.config.clone()
    }

    /// A name that no other test has.
    pub fn name(&self, what: &str) -> String {
        format!("{}-{what}", self.prefix)
    }

    /// A consumer group of this test.
    pub fn group(&self, what: &str) -> String {
        let name = self.name(what);
        self.made(|made| made.groups.push(name.clone()));
        name
    }

    /// A new topic with the brokers' own settings.
    pub fn topic(&self, what: &str, partitions: i32) -> String {
        self.topic_with(what, partitions, &[])
    }

    /// A new topic with these settings, which an embedded cluster does not know.
    pub fn topic_with(&self, what: &str, partitions: i32, settings: &[(&str, &str)]) -> String {
        let name = self.absent(what);
        match &self.embedded {
            Some(embedded) => embedded.create(&name, partitions).expect("a topic"),
            None => self.create(&name, partitions, settings),
        }
        name
    }

    /// A topic that the service makes; an embedded cluster lets nobody make one, so there it is made here.
    pub fn service_topic(&self, what: &str, partitions: i32) -> String {
        match &self.embedded {
            Some(_) => self.topic(what, partitions),
            None => self.absent(what),
        }
    }

    /// Makes a topic on real brokers and waits until all of them know it.
    pub fn create(&self, name: &str, partitions: i32, settings: &[(&str, &str)]) {
        let mut topic = NewTopic::new(name, partitions, TopicReplication::Fixed(-1));
        for (key, value) in settings {
            topic = topic.set(key, value);
        }
        let end = Instant::now() + DEADLINE;
        let admin = self.admin();
        loop {
            let outcomes = wait(admin.create_topics([&topic], &options()));
            match outcomes.expect("an answer").pop() {
                Some(Ok(_)) => return,
                // One of that name is still being deleted.
                Some(Err((_, RDKafkaErrorCode::TopicAlreadyExists))) if Instant::now() < end => {}
                other => panic!("create topic {name}: {other:?}"),
            }
        }
    }

    /// Deletes a topic on real brokers.
    pub fn delete(&self, name: &str) {
        let outcomes = wait(self.admin().delete_topics(&[name], &options())).expect("an answer");
        assert!(
            outcomes.iter().all(Result::is_ok),
            "delete topic {name}: {outcomes:?}"
        );
    }

    /// Deletes the records of a partition before this offset, as retention does.
    pub fn delete_records(&self, topic: &str, partition: i32, before: i64) {
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(topic, partition, Offset::Offset(before))
            .expect("a position");
        let deleted = wait(self.admin().delete_records(&list, &options())).expect("an answer");
        for element in deleted.elements() {
            element.error().expect("deleted");
        }
    }

    /// Sends records to it.
    pub fn sender(&self) -> Sender {
        Sender::new(&self.config.bootstrap_servers)
    }

    /// Sends records and positions to it in transactions.
    pub fn transactional_sender(&self, id: &str) -> Sender {
        let id = format!("{}{id}", self.prefix);
        Sender::transactional(&self.config.bootstrap_servers, &id)
    }

    /// Reads what is committed on a topic of it.
    pub fn reader(&self, topic: &str) -> Reader {
        Reader::new(&self.config.bootstrap_servers, topic, "read_committed")
    }

    /// Reads what was ever written to a topic of it, aborted records as well.
    pub fn reader_of_everything(&self, topic: &str) -> Reader {
        Reader::new(&self.config.bootstrap_servers, topic, "read_uncommitted")
    }

    /// What a group has committed, by partition; partitions without a position are left out.
    pub fn committed(&self, group: &str, topic: &str, partitions: i32) -> BTreeMap<i32, Committed> {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", &self.config.bootstrap_servers)
            .set("group.id", group)
            // Waits for transactions that are about to commit.
            .set("isolation.level", "read_committed")
            .create()
            .expect("a consumer");
        let mut list = TopicPartitionList::new();
        list.add_partition_range(topic, 0, partitions - 1);
        let committed = consumer
            .committed_offsets(list, DEADLINE)
            .expect("an answer");
        let positions = committed.elements().into_iter().filter_map(|element| {
            let Offset::Offset(offset) = element.offset() else {
                return None;
            };
            let committed = Committed {
                partition: element.partition(),
                offset: Some(offset),
                metadata: element.metadata().to_owned(),
            };
            Some((element.partition(), committed))
        });
        positions.collect()
    }

    /// Waits until a transaction is open that has written to this topic: an end of it is past what readers may see.
    pub fn wait_for_open_transaction(&self, topic: &str, partitions: i32) {
        let reader = |isolation| -> BaseConsumer {
            ClientConfig::new()
                .set("bootstrap.servers", &self.config.bootstrap_servers)
                .set("isolation.level", isolation)
                .create()
                .expect("a consumer")
        };
        let (stable, written) = (reader("read_committed"), reader("read_uncommitted"));
        let ends = |reader: &BaseConsumer, partition| {
            let marks = reader.fetch_watermarks(topic, partition, DEADLINE);
            marks.expect("an answer").1
        };
        let deadline = Instant::now() + DEADLINE;
        // In this order: what was written after the first answer would only look open.
        let is_open = |partition| {
            let end = ends(&written, partition);
            end > ends(&stable, partition)
        };
        while !(0..partitions).any(is_open) {
            assert!(
                Instant::now() < deadline,
                "no transaction is open on {topic}"
            );
        }
    }

    /// A name that is taken away with the rest, though the topic is not made here.
    fn absent(&self, what: &str) -> String {
        let name = self.name(what);
        self.made(|made| made.topics.push(name.clone()));
        name
    }

    fn made<T>(&self, change: impl FnOnce(&mut Made) -> T) -> T {
        change(&mut self.made.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn admin(&self) -> AdminClient<DefaultClientContext> {
        ClientConfig::new()
            .set("bootstrap.servers", &self.config.bootstrap_servers)
            .create()
            .expect("an admin client")
    }
}

/// As well as it goes: a topic that a failed test never made, or a group that has a member yet, is no second failure.
impl Drop for Cluster {
    fn drop(&mut self) {
        if self.embedded.is_some() {
            return;
        }
        let (admin, options) = (self.admin(), options());
        let made = self.made(std::mem::take);
        let topics: Vec<&str> = made.topics.iter().map(String::as_str).collect();
        let groups: Vec<&str> = made.groups.iter().map(String::as_str).collect();
        if !topics.is_empty() {
            let _ = wait(admin.delete_topics(&topics, &options));
        }
        if !groups.is_empty() {
            let _ = wait(admin.delete_groups(&groups, &options));
        }
    }
}

fn options() -> AdminOptions {
    AdminOptions::new()
        .request_timeout(Some(DEADLINE))
        .operation_timeout(Some(DEADLINE))
}

/// Waits for a future wherever the test runs, on a runtime's thread or not.
fn wait<F: Future<Output: Send> + Send>(future: F) -> F::Output {
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            tokio::runtime::Builder::new_current_thread()
                .build()
                .expect("a runtime")
                .block_on(future)
        });
        waiting.join().expect("no panic")
    })
}
