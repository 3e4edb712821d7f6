//! A cluster in this process, for the demo and for tests without servers.
//!
//! It is librdkafka's mock cluster: a real TCP endpoint on 127.0.0.1 with much of the protocol behind it. It proves nothing about
//! exactly once: it throws a transaction's offsets away, lets aborted records stand, fences nobody and keeps 5 MiB a partition.

use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, Producer as _};

use crate::config::Config;
use crate::native;

/// Groups form after this long instead of 3 s.
const REBALANCE_DELAY: Duration = Duration::from_millis(100);

/// The broker to ask where others are asked by their controller: the embedded cluster names a controller that it does not have.
pub(crate) fn broker(embedded: bool) -> Option<i32> {
    embedded.then_some(1)
}

/// The cluster lives as long as this value.
pub struct Embedded {
    host: BaseProducer,
    servers: String,
}

impl Embedded {
    /// Starts a cluster of one broker with these topics.
    ///
    /// # Errors
    /// librdkafka's sentence.
    pub fn start(topics: &[&str], partitions: i32) -> Result<Self, String> {
        let host: BaseProducer = ClientConfig::new()
            .set("test.mock.num.brokers", "1")
            .create()
            .map_err(|error| format!("start the embedded cluster: {error}"))?;
        native::set_initial_rebalance_delay(host.client(), REBALANCE_DELAY);
        let servers = {
            let cluster = host
                .client()
                .mock_cluster()
                .ok_or("start the embedded cluster: there is none in the client")?;
            cluster.bootstrap_servers()
        };
        let embedded = Self { host, servers };
        for topic in topics {
            embedded.create(topic, partitions)?;
        }
        Ok(embedded)
    }

    /// Makes a topic.
    ///
    /// # Errors
    /// librdkafka's sentence.
    pub(crate) fn create(&self, topic: &str, partitions: i32) -> Result<(), String> {
        let cluster = self.host.client().mock_cluster();
        cluster
            .ok_or("there is no embedded cluster in the client")?
            .create_topic(topic, partitions, 1)
            .map_err(|error| format!("create topic {topic} on the embedded cluster: {error}"))
    }

    /// How to reach it.
    pub fn config(&self) -> Config {
        Config {
            embedded: true,
            ..Config::plaintext(self.servers.clone())
        }
    }

    /// Serves the cluster's own events; to be called now and then so that they do not pile up.
    pub fn serve(&self) {
        self.host.poll(Duration::ZERO);
    }
}
