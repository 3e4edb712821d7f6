//! Records as no service of ours would send them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::client::ClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, DeliveryResult, Producer as _, ProducerContext};

use super::cluster::DEADLINE;
use super::positions::{Committer, positions};

/// A record to send: any key, any bytes, any headers, any time.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sending<'a> {
    /// Where to; without one, the key decides.
    pub partition: Option<i32>,
    /// The key.
    pub key: Option<&'a [u8]>,
    /// The value; `None` is a tombstone.
    pub payload: Option<&'a [u8]>,
    /// Names and values in their order.
    pub headers: &'a [(&'a str, Option<&'a [u8]>)],
    /// The record's time; without one, now.
    pub timestamp_ms: Option<i64>,
}

/// Sends records to one cluster: outside of any transaction, unless it was made for them.
pub struct Sender {
    producer: BaseProducer<Failures>,
}

/// The topic does not take a record of that size.
#[derive(Debug, PartialEq, Eq)]
pub struct Refused;

/// Deliveries that failed.
#[derive(Default)]
struct Failures {
    too_large: AtomicUsize,
    other: AtomicUsize,
}

impl Sender {
    pub(super) fn new(servers: &str) -> Self {
        Self::of(ClientConfig::new().set("bootstrap.servers", servers))
    }

    pub(super) fn transactional(servers: &str, id: &str) -> Self {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", servers)
            .set("transactional.id", id);
        let sender = Self::of(&mut config);
        let opened = sender.producer.init_transactions(DEADLINE);
        opened.expect("a transactional producer");
        sender
    }

    fn of(config: &mut ClientConfig) -> Self {
        let producer = config
            .set("enable.idempotence", "true")
            .set("partitioner", "murmur2_random")
            // The topic is to refuse what is too large, not this client.
            .set("message.max.bytes", "10000000")
            .set("linger.ms", "1")
            .create_with_context(Failures::default())
            .expect("a producer");
        Self { producer }
    }

    /// Queues a record; [`Sender::flush`] delivers it.
    pub fn send(&self, topic: &str, sending: Sending<'_>) {
        loop {
            let mut headers = OwnedHeaders::new_with_capacity(sending.headers.len());
            for (key, value) in sending.headers {
                headers = headers.insert(Header { key, value: *value });
            }
            let record = BaseRecord::<[u8], [u8]> {
                topic,
                partition: sending.partition,
                payload: sending.payload,
                key: sending.key,
                timestamp: sending.timestamp_ms,
                headers: (!sending.headers.is_empty()).then_some(headers),
                delivery_opaque: (),
            };
            match self.producer.send(record) {
                Ok(()) => return,
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), _)) => {
                    self.producer.poll(Duration::from_millis(10));
                }
                Err((error, _)) => panic!("send a record to {topic}: {error}"),
            }
        }
    }

    /// What `sending` queues and these positions of `group` become visible together, as a detector does it.
    pub fn transaction(
        &self,
        sending: impl FnOnce(),
        group: &Committer,
        topic: &str,
        next: &[(i32, i64)],
        metadata: &str,
    ) {
        self.producer.begin_transaction().expect("begun");
        sending();
        self.flush();
        let positions = positions(topic, next, metadata);
        self.producer
            .send_offsets_to_transaction(&positions, &group.metadata(), DEADLINE)
            .expect("positions sent");
        self.producer
            .commit_transaction(DEADLINE)
            .expect("committed");
    }

    /// What `sending` queues becomes visible together, and each partition's marker comes after it.
    pub fn committed(&self, sending: impl FnOnce()) {
        self.producer.begin_transaction().expect("begun");
        sending();
        self.flush();
        self.producer
            .commit_transaction(DEADLINE)
            .expect("committed");
    }

    /// Waits until every record is on its topic; panics when one is not.
    pub fn flush(&self) {
        self.try_flush().expect("no record is too large");
    }

    /// Waits until every record is on its topic, or refused for its size.
    pub fn try_flush(&self) -> Result<(), Refused> {
        self.producer.flush(DEADLINE).expect("delivered in time");
        let failures = self.producer.context();
        assert_eq!(
            failures.other.swap(0, Ordering::Relaxed),
            0,
            "records were not delivered"
        );
        match failures.too_large.swap(0, Ordering::Relaxed) {
            0 => Ok(()),
            _ => Err(Refused),
        }
    }
}

impl ClientContext for Failures {}

impl ProducerContext for Failures {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if let Err((error, _)) = result {
            let too_large =
                error.rdkafka_error_code() == Some(RDKafkaErrorCode::MessageSizeTooLarge);
            let count = if too_large {
                &self.too_large
            } else {
                &self.other
            };
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
}
