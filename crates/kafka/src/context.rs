//! What librdkafka calls back: logs, errors, statistics, rebalances, failed deliveries.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, RebalanceProtocol};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::producer::{DeliveryResult, ProducerContext};
use rdkafka::statistics::Statistics;
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{Message as _, TopicPartitionList};
use tracing::{debug, error, info, warn};

use crate::connection::Connection;
use crate::lag::Lag;

/// A change of the assignment that the group decided.
#[derive(Debug, PartialEq, Eq)]
pub enum Rebalance {
    /// These partitions come.
    Assigned(Vec<i32>),
    /// These partitions go.
    Revoked {
        /// Which.
        partitions: Vec<i32>,
        /// They are gone already: somebody else may be reading them.
        lost: bool,
    },
}

/// The context of every client of one worker.
pub struct Context {
    connection: Arc<Connection>,
    lag: Option<Lag>,
    rebalances: Mutex<VecDeque<Rebalance>>,
    /// From here on nobody drains `rebalances`: revocations are carried out on the spot.
    closing: AtomicBool,
}

impl Context {
    pub(crate) fn new(connection: Arc<Connection>, lag: Option<Lag>) -> Self {
        Self {
            connection,
            lag,
            rebalances: Mutex::default(),
            closing: AtomicBool::new(false),
        }
    }

    /// The oldest rebalance that nobody has carried out yet.
    pub(crate) fn next_rebalance(&self) -> Option<Rebalance> {
        self.rebalances
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop_front()
    }

    pub(crate) fn close(&self) {
        self.closing.store(true, Ordering::Release);
    }
}

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        match level {
            RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical => {
                error!(facility, "{message}")
            }
            // A broken connection comes as an error too, and is told there: once, and not at every try of every client.
            _ if facility == "FAIL" => debug!(facility, "{message}"),
            // librdkafka tries again whatever it calls an error: by our measure nothing is lost yet.
            RDKafkaLogLevel::Error | RDKafkaLogLevel::Warning => warn!(facility, "{message}"),
            RDKafkaLogLevel::Notice => info!(facility, "{message}"),
            RDKafkaLogLevel::Info | RDKafkaLogLevel::Debug => debug!(facility, "{message}"),
        }
    }

    fn stats(&self, statistics: Statistics) {
        if statistics
            .brokers
            .values()
            .any(|broker| broker.nodeid >= 0 && broker.state == "UP")
        {
            self.connection.heard_from();
        }
        if let Some(lag) = &self.lag {
            lag.tell(&statistics);
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        match self.connection.failed(&error, reason) {
            Some(why) => warn!(why, "the connection to Kafka is lost; will be tried again"),
            None => debug!(error = %error, reason, "client error"),
        }
    }
}

impl ConsumerContext for Context {
    /// Only notes what the group decided. The worker carries it out after the poll that brought it: it may have to commit
    /// first, and librdkafka waits with the rebalance until it is told `assign` or `unassign`.
    fn rebalance(
        &self,
        consumer: &BaseConsumer<Self>,
        kind: RDKafkaRespErr,
        list: &mut TopicPartitionList,
    ) {
        let partitions: Vec<i32> = list
            .elements()
            .iter()
            .map(|element| element.partition())
            .collect();
        let assigned = kind == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
        if self.closing.load(Ordering::Acquire) {
            // Whoever closes has committed what it had, and wants no more: what is assigned now is taken away at once.
            let outcome = match consumer.rebalance_protocol() {
                RebalanceProtocol::Cooperative if assigned => consumer.incremental_assign(list),
                RebalanceProtocol::Cooperative => consumer.incremental_unassign(list),
                _ => consumer.unassign(),
            };
            if let Err(error) = outcome {
                warn!(%error, "could not give partitions back while closing");
            }
            return;
        }
        let rebalance = if assigned {
            Rebalance::Assigned(partitions)
        } else {
            Rebalance::Revoked {
                partitions,
                lost: consumer.assignment_lost(),
            }
        };
        self.rebalances
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push_back(rebalance);
    }

    fn commit_callback(&self, result: KafkaResult<()>, _offsets: &TopicPartitionList) {
        match result {
            Ok(()) => self.connection.heard_from(),
            // These commits only feed lag tools; the position that counts is elsewhere.
            Err(error) => debug!(%error, "could not commit offsets to Kafka"),
        }
    }
}

impl ProducerContext for Context {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if let Err((error, record)) = result {
            // The transaction turns abortable by itself and its records are read again.
            debug!(topic = record.topic(), %error, "record was not delivered");
        }
    }
}
