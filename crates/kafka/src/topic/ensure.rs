//! Making sure that topics are there, whoever else may be making them.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::types::RDKafkaRespErr;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::client::{self, HEADER_ROOM_BYTES, MAX_PAYMENT_BYTES};
use crate::config::Config;
use crate::topic::asking::{ASK, Asking};
use crate::topic::{Creation, Role, Topic};
use crate::vitals::Vitals;

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(500);

/// What is known of the topics once they are there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ensured {
    /// The cluster's own id.
    pub cluster_id: String,
    /// The largest record that everyone of those takes that the service writes, in bytes.
    pub max_record_bytes: usize,
}

/// Why topics cannot be had, however often one asks.
#[derive(Debug, thiserror::Error)]
pub enum TopicError {
    /// A broker answered, and refused us.
    #[error("connect to Kafka at {address}: {why}")]
    Denied {
        /// The brokers that were asked, and by whom.
        address: String,
        /// What the broker said.
        why: String,
    },
    /// librdkafka does not take a setting.
    #[error("make a Kafka client: {0}")]
    Client(String),
    /// The process ends.
    #[error("told to stop while waiting for topics")]
    Stopped,
}

impl TopicError {
    fn client(error: KafkaError) -> Self {
        Self::Client(error.to_string())
    }
}

/// Waits until every topic is there, and makes those that are missing if it may. A topic that exists is used as it is.
///
/// # Errors
/// When waiting is of no use. A cluster that does not answer is waited for; `vitals` says so meanwhile.
pub async fn ensure(
    config: &Config,
    topics: &[Topic],
    creation: Creation,
    vitals: &Vitals,
    stop: &CancellationToken,
) -> Result<Ensured, TopicError> {
    let asking = Arc::new(Asking::new(config).map_err(TopicError::client)?);
    let admin: AdminClient<DefaultClientContext> =
        client::admin(config).create().map_err(TopicError::client)?;
    if config.security.shows_the_password() {
        warn!("the password travels to the brokers as it is: PLAIN over sasl_plaintext");
    }
    let mut told = String::new();
    loop {
        // Waiting for brokers is what this loop does: it is alive while it turns.
        vitals.turn();
        let why = match missing(&asking, topics, creation).await {
            Ok(missing) if missing.is_empty() => break,
            Ok(missing) if config.embedded || !creation.create => {
                let names: Vec<&str> = missing.iter().map(|topic| topic.name.as_str()).collect();
                format!("waiting for topics that are missing: {}", names.join(", "))
            }
            Ok(missing) => match create(&admin, &missing, creation).await {
                // Brokers hear of it one after the other.
                Ok(()) => {
                    paused(stop).await?;
                    continue;
                }
                Err(why) => why,
            },
            Err(why) => why,
        };
        if let Some(why) = asking.denied() {
            return Err(TopicError::Denied {
                address: config.address(),
                why,
            });
        }
        if why != told {
            warn!(why, "topics are not there yet; will be tried again");
            told.clone_from(&why);
        }
        vitals.troubled(why);
        paused(stop).await?;
    }
    vitals.recovered();
    let cluster_id = asking.cluster_id().await;
    let max_record_bytes = if config.embedded {
        MAX_PAYMENT_BYTES + HEADER_ROOM_BYTES
    } else {
        max_record_bytes(&admin, topics).await
    };
    Ok(Ensured {
        cluster_id,
        max_record_bytes,
    })
}

/// Waits for the next try.
async fn paused(stop: &CancellationToken) -> Result<(), TopicError> {
    tokio::select! {
        () = stop.cancelled() => Err(TopicError::Stopped),
        () = tokio::time::sleep(PAUSE) => Ok(()),
    }
}

/// The topics that the cluster does not have.
async fn missing(
    asking: &Arc<Asking>,
    topics: &[Topic],
    creation: Creation,
) -> Result<Vec<Topic>, String> {
    let mut missing = Vec::new();
    for topic in topics {
        let metadata = asking.metadata(topic).await?;
        match metadata.topics().first() {
            Some(found) if found.error().is_none() && !found.partitions().is_empty() => {
                let partitions = found.partitions().len();
                if creation.create && i32::try_from(partitions) != Ok(creation.partitions) {
                    warn!(
                        topic = topic.name,
                        partitions,
                        expected = creation.partitions,
                        "the topic is used as it is"
                    );
                }
            }
            Some(found) if found.error().is_some_and(|error| !is_missing(error)) => {
                let code = found.error().map(RDKafkaErrorCode::from);
                return Err(match code {
                    Some(code) => format!("ask the cluster for topic {}: {code}", topic.name),
                    None => format!("ask the cluster for topic {}", topic.name),
                });
            }
            _ => missing.push(topic.clone()),
        }
    }
    Ok(missing)
}

fn is_missing(error: RDKafkaRespErr) -> bool {
    matches!(
        error,
        RDKafkaRespErr::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART
            | RDKafkaRespErr::RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC
    )
}

async fn create(
    admin: &AdminClient<DefaultClientContext>,
    topics: &[Topic],
    creation: Creation,
) -> Result<(), String> {
    let output_bytes = (MAX_PAYMENT_BYTES + HEADER_ROOM_BYTES).to_string();
    let min_insync = creation.min_insync_replicas.to_string();
    let specs: Vec<NewTopic<'_>> = topics
        .iter()
        .map(|topic| {
            let mut spec = NewTopic::new(
                &topic.name,
                creation.partitions,
                TopicReplication::Fixed(creation.replication_factor),
            );
            if creation.min_insync_replicas > 0 {
                spec = spec.set("min.insync.replicas", &min_insync);
            }
            match topic.role {
                Role::Payments => spec,
                // What the detector writes is larger by its headers, and stamped by the broker when it is decided.
                Role::Fraud | Role::Legit => spec
                    .set("max.message.bytes", &output_bytes)
                    .set("message.timestamp.type", "LogAppendTime"),
                // Somebody has to look at a dead letter, whenever that may be.
                Role::DeadLetters => spec
                    .set("max.message.bytes", &output_bytes)
                    .set("message.timestamp.type", "LogAppendTime")
                    .set("retention.ms", "-1")
                    .set("retention.bytes", "-1"),
            }
        })
        .collect();
    let options = AdminOptions::new()
        .operation_timeout(Some(ASK))
        .request_timeout(Some(ASK));
    let outcomes = admin
        .create_topics(&specs, &options)
        .await
        .map_err(|error| format!("create topics: {error}"))?;
    for outcome in outcomes {
        match outcome {
            Ok(topic) => info!(topic, partitions = creation.partitions, "topic created"),
            // Somebody else was quicker: his topic is as good.
            Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((topic, code)) => return Err(format!("create topic {topic}: {code}")),
        }
    }
    Ok(())
}

/// The smallest `max.message.bytes` of the topics that the detector writes: what is written is larger than what was read. A cluster
/// that does not tell (or lets us not ask) has its default.
async fn max_record_bytes(admin: &AdminClient<DefaultClientContext>, topics: &[Topic]) -> usize {
    let resources: Vec<ResourceSpecifier<'_>> = topics
        .iter()
        .filter(|topic| topic.role != Role::Payments)
        .map(|topic| ResourceSpecifier::Topic(&topic.name))
        .collect();
    let options = AdminOptions::new().request_timeout(Some(ASK));
    let described = admin
        .describe_configs(&resources, &options)
        .await
        .unwrap_or_default();
    described
        .iter()
        .filter_map(|config| {
            config
                .as_ref()
                .ok()?
                .get("max.message.bytes")?
                .value
                .as_ref()?
                .parse()
                .ok()
        })
        .min()
        .unwrap_or(MAX_PAYMENT_BYTES)
}
