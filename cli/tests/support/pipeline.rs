//! A pipeline without services: a test says itself what each of them did.

use std::collections::BTreeMap;
use std::time::Duration;

use fraudstream::audit::Config;
use fraudstream::audit::books::Names;
use kafka::testing::{Cluster, Committer, Sender, Sending};
use kafka::{Limits, LogReader};
use store::testing::Fresh;
use store::{RowKey, Store};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// Where a payment went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    Fraud,
    Legit,
    Dead,
}

/// Partitions of `payments`; the outputs have one each.
const PARTITIONS: i32 = 2;

pub struct Pipeline {
    pub cluster: Cluster,
    pub database: Fresh,
    pub store: Store,
    sender: Sender,
    detector: Committer,
    pub config: Config,
    pub names: Names,
    /// Ids of the topics, by name.
    pub ids: BTreeMap<String, String>,
    /// Payments by partition.
    produced: [i64; PARTITIONS as usize],
    _directory: TempDir,
}

impl Pipeline {
    /// On whatever servers the environment names, else embedded ones.
    pub async fn any() -> Self {
        let directory = TempDir::new().unwrap();
        let database = Fresh::any(directory.path()).await;
        Self::on(Cluster::any(), database, directory).await
    }

    /// On real servers.
    pub async fn real() -> Self {
        Self::on(
            Cluster::real(),
            Fresh::real().await,
            TempDir::new().unwrap(),
        )
        .await
    }

    async fn on(cluster: Cluster, database: Fresh, directory: TempDir) -> Self {
        let names = Names {
            payments: cluster.topic("payments", PARTITIONS),
            fraud: cluster.topic("fraud", 1),
            legit: cluster.topic("legit", 1),
            dead_letters: cluster.topic("dlq", 1),
        };
        let config = Config {
            kafka: cluster.config(),
            names: names.clone(),
            database: database.config(),
            detector_group: cluster.group("fraud-detector"),
            deadline: Duration::from_secs(60),
            interval: Duration::from_millis(100),
        };
        let store = database.store().await;
        let sender = cluster.sender();
        let detector = cluster.committer(&config.detector_group);
        let mut pipeline = Self {
            cluster,
            database,
            store,
            sender,
            detector,
            config,
            names,
            ids: BTreeMap::new(),
            produced: [0; PARTITIONS as usize],
            _directory: directory,
        };
        pipeline.look_up_ids();
        pipeline
    }

    /// `payments` was made anew.
    pub fn start_anew(&mut self) {
        self.produced = [0; PARTITIONS as usize];
        self.look_up_ids();
    }

    fn look_up_ids(&mut self) {
        let reader = LogReader::open(&self.config.kafka, "nobody").unwrap();
        let limits = Limits::within(Duration::from_secs(60), CancellationToken::new());
        let Names {
            payments,
            fraud,
            legit,
            dead_letters,
        } = &self.names;
        for topic in [payments, fraud, legit, dead_letters] {
            self.ids
                .insert(topic.clone(), reader.topic_id(topic, &limits).unwrap());
        }
    }

    /// `count` payments come in, half of them on each partition.
    pub fn produce(&mut self, count: i64) {
        for number in 0..count {
            let partition = (number % 2) as i32;
            let payload = Some(&b"{}"[..]);
            self.sender.send(
                &self.names.payments,
                Sending {
                    partition: Some(partition),
                    payload,
                    ..Sending::default()
                },
            );
            self.produced[partition as usize] += 1;
        }
        self.sender.flush();
    }

    /// Where payment `number` of those that came in is: its partition and its offset.
    pub fn place(number: i64) -> (i32, i64) {
        ((number % 2) as i32, number / 2)
    }

    /// What an operator would be told of it.
    pub fn named(&self, number: i64) -> String {
        let (partition, offset) = Self::place(number);
        format!("{}/{partition}/{offset}", self.names.payments)
    }

    /// The detector sends these payments to that output.
    pub fn decide(&self, output: Output, numbers: impl IntoIterator<Item = i64>) {
        self.queue(&self.sender, output, numbers);
        self.sender.flush();
    }

    /// What decides and moves its position in one transaction, as the detector does.
    pub fn transactional_detector(&self) -> Sender {
        self.cluster.transactional_sender("detector")
    }

    /// The detector sends these payments to that output and moves its positions, in one transaction.
    pub fn decide_and_commit(
        &self,
        detector: &Sender,
        output: Output,
        numbers: impl IntoIterator<Item = i64>,
        next: &[(i32, i64)],
    ) {
        let sending = || self.queue(detector, output, numbers);
        let Names { payments, .. } = &self.names;
        detector.transaction(sending, &self.detector, payments, next, &self.ids[payments]);
    }

    fn queue(&self, sender: &Sender, output: Output, numbers: impl IntoIterator<Item = i64>) {
        for number in numbers {
            let source = self.named(number);
            let verdict = match output {
                Output::Fraud => Some("fraud"),
                Output::Legit => Some("legit"),
                Output::Dead => None,
            };
            let id = &self.ids[&self.names.payments];
            let mut headers = vec![
                ("fs-source", source.as_str()),
                ("fs-topic-id", id),
                ("fs-time", "1"),
                ("fs-decided", "2"),
            ];
            headers.extend(verdict.map(|verdict| ("fs-verdict", verdict)));
            let headers: Vec<_> = headers
                .iter()
                .map(|(name, value)| (*name, Some(value.as_bytes())))
                .collect();
            let sending = Sending {
                partition: Some(0),
                payload: Some(b"{}"),
                headers: &headers,
                ..Sending::default()
            };
            sender.send(self.topic(output), sending);
        }
    }

    /// Somebody else writes there.
    pub fn write_foreign(&self, output: Output, count: usize) {
        for _ in 0..count {
            let sending = Sending {
                partition: Some(0),
                payload: Some(b"{}"),
                ..Sending::default()
            };
            self.sender.send(self.topic(output), sending);
        }
        self.sender.flush();
    }

    /// The detector's position says that everything is decided.
    pub fn commit_all(&self) {
        self.commit(&self.ends());
    }

    /// The detector's positions.
    pub fn commit(&self, next: &[(i32, i64)]) {
        self.commit_beside(next, &self.ids[&self.names.payments]);
    }

    /// Positions of a topic with this id.
    pub fn commit_beside(&self, next: &[(i32, i64)], topic_id: &str) {
        self.detector.commit(&self.names.payments, next, topic_id);
    }

    /// The end of each partition of `payments`.
    pub fn ends(&self) -> Vec<(i32, i64)> {
        (0..).zip(self.produced).collect()
    }

    pub fn key(&self, number: i64) -> RowKey {
        let (partition, offset) = Self::place(number);
        let topic = &self.names.payments;
        RowKey {
            topic_id: self.ids[topic].as_str().into(),
            topic: topic.as_str().into(),
            partition,
            offset,
        }
    }

    pub fn topic(&self, output: Output) -> &str {
        match output {
            Output::Fraud => &self.names.fraud,
            Output::Legit => &self.names.legit,
            Output::Dead => &self.names.dead_letters,
        }
    }
}
