//! Questions to the cluster, by a client that hears why nobody answers.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::metadata::Metadata;
use tracing::debug;

use crate::client;
use crate::config::Config;
use crate::connection::Connection;
use crate::topic::Topic;

/// How long one question to the cluster may take.
pub const ASK: Duration = Duration::from_secs(5);
/// How long there must be no news before all of it was heard.
const NEWS: Duration = Duration::from_millis(10);

/// A consumer that consumes nothing. The client that creates topics cannot stand in for it: it never hands over what librdkafka
/// says about its connections.
pub struct Asking {
    client: BaseConsumer<Ears>,
    connection: Arc<Connection>,
}

/// Hears and says nothing: whoever asks tells what came of it.
struct Ears(Arc<Connection>);

impl Asking {
    /// Makes the client; it connects by itself.
    pub fn new(config: &Config) -> Result<Self, KafkaError> {
        let connection = Arc::new(Connection::default());
        let ears = Ears(Arc::clone(&connection));
        let client = client::admin(config).create_with_context(ears)?;
        Ok(Self { client, connection })
    }

    /// The sentence about a refusal, if the last question ended in one.
    pub fn denied(&self) -> Option<String> {
        self.connection.denied()
    }

    /// What the cluster knows of a topic.
    pub async fn metadata(self: &Arc<Self>, topic: &Topic) -> Result<Metadata, String> {
        let name = topic.name.clone();
        let answer = self
            .ask(move |client| client.fetch_metadata(Some(&name), ASK))
            .await;
        answer.map_err(|why| format!("ask the cluster for topic {}: {why}", topic.name))
    }

    /// The cluster's own id; empty where it does not say.
    pub async fn cluster_id(self: &Arc<Self>) -> String {
        let answer = self
            .ask(|client| Ok(client.client().fetch_cluster_id(ASK).unwrap_or_default()))
            .await;
        answer.unwrap_or_default()
    }

    /// Makes a call that blocks, off the async threads.
    async fn ask<T: Send + 'static>(
        self: &Arc<Self>,
        call: impl FnOnce(&BaseConsumer<Ears>) -> Result<T, KafkaError> + Send + 'static,
    ) -> Result<T, String> {
        let asking = Arc::clone(self);
        let asked = tokio::task::spawn_blocking(move || {
            let answer = call(&asking.client);
            while asking.client.poll(NEWS).is_some() {}
            if answer.is_ok() {
                asking.connection.heard_from();
            }
            // Of the two sentences about a failure the connection's says more.
            answer.map_err(|error| {
                let why = asking.connection.answers().err();
                why.unwrap_or_else(|| error.to_string())
            })
        });
        asked
            .await
            .unwrap_or_else(|error| Err(format!("the call panicked: {error}")))
    }
}

impl ClientContext for Ears {
    fn log(&self, _: RDKafkaLogLevel, facility: &str, message: &str) {
        debug!(facility, "{message}");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.0.failed(&error, reason);
    }
}

impl ConsumerContext for Ears {}
