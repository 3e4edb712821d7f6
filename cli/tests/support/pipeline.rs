//! A pipeline without services: a test says itself what each of them did.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{NaiveDate, NaiveTime};
use fraudstream::audit::books::{Finding, Names, Totals, What};
use fraudstream::audit::{AuditError, Balance, Config, audit};
use kafka::testing::{Cluster, Committer, Sender, Sending};
use kafka::{Limits, LogReader};
use store::testing::Fresh;
use store::{
    Advance, Batch, DeadLetterRow, Partition, PaymentRow, Relation, RowKey, State, Store, Table,
};
use store::{Committed, Database as _};
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

    /// A processor stores these payments, and its position is `to` from now on.
    pub async fn store(&self, table: Table, numbers: impl IntoIterator<Item = i64>, to: i64) {
        let keys: Vec<RowKey> = numbers.into_iter().map(|number| self.key(number)).collect();
        self.store_keys(table, &keys, &[], to).await;
    }

    /// A processor stores rows and dead letters under these keys.
    pub async fn store_keys(
        &self,
        table: Table,
        payments: &[RowKey],
        dead_letters: &[RowKey],
        to: i64,
    ) {
        let (sink, output) = match table {
            Table::Fraud => ("fraud-processor", Output::Fraud),
            Table::Legit => ("legit-processor", Output::Legit),
        };
        let topic = self.topic(output);
        let partition = Partition {
            topic: topic.into(),
            topic_id: self.ids[topic].as_str().into(),
            partition: 0,
        };
        let claim = self.store.claim(sink, &partition, "test").await.unwrap();
        let batch = Batch {
            sink: sink.to_owned(),
            cluster_id: String::new(),
            advances: vec![Advance {
                partition,
                epoch: claim.epoch,
                from: claim.next_offset,
                to,
            }],
            table,
            payments: payments.iter().map(row).collect(),
            alerts: Vec::new(),
            dead_letters: dead_letters.iter().map(dead_letter).collect(),
        };
        let committed = self.store.commit(&batch).await.unwrap();
        assert!(
            matches!(committed, Committed::Stored { .. }),
            "{committed:?}"
        );
    }

    /// Takes one row away, past every processor.
    pub async fn delete_row(&self, relation: Relation, number: i64) {
        let (partition, offset) = Self::place(number);
        let delete = format!(
            "DELETE FROM {relation} WHERE source_partition = {partition} AND source_offset = {offset}"
        );
        assert_eq!(self.database.sql(&delete).await, 1);
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

    pub async fn try_audit(&self) -> Result<Balance, AuditError> {
        audit(self.config.clone(), 20, CancellationToken::new()).await
    }

    pub async fn audit(&self) -> Balance {
        let balance = self.try_audit().await.unwrap();
        let Totals {
            produced,
            fraud,
            legit,
            dead_lettered,
            in_flight,
            missing,
            ..
        } = balance.totals;
        assert_eq!(
            produced,
            fraud + legit + dead_lettered + in_flight + missing
        );
        balance
    }

    /// Fraud, legit, dead-lettered, in flight; and nothing is wrong.
    pub async fn assert_even(&self, expected: [u64; 4]) -> Totals {
        let balance = self.audit().await;
        assert_eq!(balance.findings, []);
        let Totals {
            fraud,
            legit,
            dead_lettered,
            in_flight,
            ..
        } = balance.totals;
        assert_eq!(
            [fraud, legit, dead_lettered, in_flight],
            expected,
            "fraud, legit, dead-lettered, in flight"
        );
        balance.totals
    }

    /// This alone is wrong, with these payments named.
    pub async fn assert_uneven(&self, what: What, numbers: &[i64]) -> Totals {
        let balance = self.audit().await;
        let [finding] = balance.findings.as_slice() else {
            panic!("one finding: {:?}", balance.findings);
        };
        let Finding {
            what: found,
            count,
            examples,
        } = finding;
        assert_eq!(
            (*found, *count),
            (what, numbers.len() as u64),
            "{examples:?}"
        );
        for number in numbers {
            let name = format!("{}:", self.named(*number));
            assert!(
                examples.iter().any(|example| example.starts_with(&name)),
                "{name} in {examples:?}"
            );
        }
        balance.totals
    }
}

fn row(key: &RowKey) -> PaymentRow {
    PaymentRow {
        key: key.clone(),
        place: key.clone(),
        id: None,
        account: None,
        payment_type: "VISA".into(),
        amount_hundredths: 100,
        currency: None,
        country: None,
        who: "MOM".into(),
        business_date: NaiveDate::from_ymd_opt(2022, 1, 28).unwrap(),
        business_time: NaiveTime::from_hms_opt(14, 3, 7).unwrap(),
        event_time: 1,
        rules: None,
        state: State::Visa,
        decided_at: Some(2),
        payload: b"{}".to_vec(),
    }
}

fn dead_letter(key: &RowKey) -> DeadLetterRow {
    DeadLetterRow {
        key: key.clone(),
        place: key.clone(),
        reason: "not_json".into(),
        error: String::new(),
        record_key: None,
        payload: None,
    }
}
