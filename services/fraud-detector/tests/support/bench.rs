//! A cluster with the four topics of one test.

use std::sync::Arc;
use std::time::Duration;

use fraud_detector::Config;
use kafka::testing::{Cluster, Raw, Sending};
use kafka::{Creation, Role, Topic};
use rules::RuleSet;

/// Everything that a detector needs around it.
pub struct Bench {
    pub cluster: Cluster,
    pub group: String,
    pub payments: String,
    pub fraud: String,
    pub legit: String,
    pub dead_letters: String,
    pub partitions: i32,
}

impl Bench {
    /// Topics of their own; the detector makes those that it writes where the cluster lets it.
    pub fn new(cluster: Cluster, partitions: i32) -> Self {
        Self::with_payments(cluster, partitions, &[])
    }

    /// The same, with settings of the topic of payments.
    pub fn with_payments(cluster: Cluster, partitions: i32, settings: &[(&str, &str)]) -> Self {
        Self {
            group: cluster.group("detector"),
            payments: cluster.topic_with("payments", partitions, settings),
            fraud: cluster.service_topic("fraud", partitions),
            legit: cluster.service_topic("legit", partitions),
            dead_letters: cluster.service_topic("dlq", partitions),
            partitions,
            cluster,
        }
    }

    /// One worker, the defaults of the service for the rest.
    pub fn config(&self) -> Config {
        let topic = |name: &str, role| Topic {
            name: name.to_owned(),
            role,
        };
        Config {
            kafka: self.cluster.config(),
            group_id: self.group.clone(),
            payments: topic(&self.payments, Role::Payments),
            fraud: topic(&self.fraud, Role::Fraud),
            legit: topic(&self.legit, Role::Legit),
            dead_letters: topic(&self.dead_letters, Role::DeadLetters),
            creation: Creation {
                create: true,
                partitions: self.partitions,
                replication_factor: -1,
                min_insync_replicas: -1,
            },
            rules: Arc::new(RuleSet::default()),
            workers: 1,
            commit_interval: Duration::from_millis(100),
            commit_records: 10_000,
            instance: "one".to_owned(),
            dead_letter_limit: 0,
        }
    }

    /// The same as variables, for one in a process of its own under this instance name: on real brokers only. Later ones win, so
    /// they can be added to.
    pub fn variables(&self, instance: &str) -> Vec<(&'static str, String)> {
        vec![
            (
                "KAFKA_BOOTSTRAP_SERVERS",
                self.cluster.config().bootstrap_servers,
            ),
            ("KAFKA_GROUP_ID", self.group.clone()),
            ("TOPIC_PAYMENTS", self.payments.clone()),
            ("TOPIC_FRAUD", self.fraud.clone()),
            ("TOPIC_LEGIT", self.legit.clone()),
            ("TOPIC_DLQ", self.dead_letters.clone()),
            ("TOPIC_PARTITIONS", self.partitions.to_string()),
            ("DETECTOR_INSTANCE", instance.to_owned()),
            ("DETECTOR_WORKERS", "1".to_owned()),
            // The shortest that brokers allow: a killed member's partitions come back after it.
            ("KAFKA_PROPERTY_SESSION_TIMEOUT_MS", "6000".to_owned()),
            ("KAFKA_PROPERTY_HEARTBEAT_INTERVAL_MS", "1500".to_owned()),
        ]
    }

    /// Sends these payloads to one partition, in this order.
    pub fn send<'a>(&self, partition: i32, payloads: impl IntoIterator<Item = &'a [u8]>) {
        let sender = self.cluster.sender();
        for payload in payloads {
            let sending = Sending {
                partition: Some(partition),
                payload: Some(payload),
                ..Sending::default()
            };
            sender.send(&self.payments, sending);
        }
        sender.flush();
    }

    /// Everything on a topic once there are so many records; fails when there are more.
    pub fn read(&self, topic: &str, count: usize) -> Vec<Raw> {
        let records = self.cluster.reader(topic).read(count).to_vec();
        assert_eq!(records.len(), count, "records on {topic}: {records:?}");
        records
    }

    /// The committed position of a partition of payments; 0 where there is none.
    pub fn position(&self, partition: i32) -> i64 {
        let committed = self
            .cluster
            .committed(&self.group, &self.payments, self.partitions);
        committed
            .get(&partition)
            .and_then(|committed| committed.offset)
            .unwrap_or(0)
    }
}
