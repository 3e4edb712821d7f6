//! A producer outside of any transaction that loses nothing without saying so.
//!
//! Idempotent, with `acks=all`, and without a time limit for delivery: librdkafka repeats by itself whatever can be repeated,
//! in order and without doubles. So each record ends in exactly one report, and a report of failure means that the record is
//! lost unless somebody sends it again.
//!
//! There is no thread in here. Whoever publishes also calls [`Publish::serve`], at least a few times a second: reports, errors and
//! statistics are handed over there, on that thread.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseProducer, BaseRecord, DeliveryResult, Producer as _, ProducerContext};
use rdkafka::statistics::Statistics;

use crate::config::Config;
use crate::connection::Connection;
use crate::context::Context;
use crate::{client, native};

/// A record that is not yet on any topic.
#[derive(Debug, Clone, Copy)]
pub struct NewRecord<'a> {
    /// Where to.
    pub topic: &'a str,
    /// What decides the partition; without one, any partition.
    pub key: Option<&'a [u8]>,
    /// The bytes.
    pub payload: &'a [u8],
    /// The record's time, milliseconds since the epoch; 0 means the time of sending.
    pub timestamp_ms: i64,
}

/// Whether a record found a place in the producer's queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// It did.
    Queued,
    /// The queue is full: serve the producer and send it again.
    Full,
}

/// Whoever wants to know what became of each record.
pub trait Reports: Send + Sync + 'static {
    /// A record is on all replicas that `acks=all` asks for.
    fn delivered(&self);
    /// A record is lost.
    fn lost(&self, loss: Loss);
}

/// Why a record cannot be delivered, now or ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// Which of the closed list.
    pub cause: Cause,
    /// librdkafka's sentence.
    pub text: String,
}

/// The closed list of causes of a [`Loss`]: a metric's label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// The record is larger than the producer or the topic takes.
    TooLarge,
    /// The broker does not let this user write there.
    NotAuthorized,
    /// The topic, or the partition, is not there.
    NoTopic,
    /// The broker does not take the record as it is; most likely its time is outside of what the topic allows.
    BadRecord,
    /// A time limit that the operator set has passed.
    TimedOut,
    /// The producer gave up its queue.
    Purged,
    /// Order without doubles can no longer be promised: the producer is of no use any more.
    Fatal,
    /// Anything else.
    Other,
}

/// What a publishing loop asks of a producer. A small trait, so that a test can let every call fail.
pub trait Publish {
    /// Puts a copy of the record into the queue, if there is room.
    ///
    /// # Errors
    /// The record will never be taken.
    fn publish(&self, record: &NewRecord<'_>) -> Result<Sent, Loss>;
    /// Hands over the reports that wait. Never blocks.
    fn serve(&self);
    /// Records that were taken and not reported yet.
    fn waiting(&self) -> u64;
    /// Sends what is queued without waiting for more to join it, for at most `limit`; true when nothing is waiting any more.
    fn flush(&self, limit: Duration) -> bool;
}

/// A [`Publish`] on real brokers.
pub struct Producer<R: Reports> {
    producer: BaseProducer<Reporting<R>>,
}

/// One slice of a flush. While librdkafka waits for acknowledgements it does not hand over reports, and it waits for those too.
const FLUSH_SLICE: Duration = Duration::from_millis(10);

impl<R: Reports> Producer<R> {
    /// Makes the client; it connects by itself.
    ///
    /// # Errors
    /// librdkafka's sentence about a setting that it does not take.
    pub fn create(
        config: &Config,
        connection: Arc<Connection>,
        reports: Arc<R>,
    ) -> Result<Self, String> {
        let context = Reporting {
            context: Context::new(Arc::clone(&connection), None),
            connection,
            reports,
            events: AtomicU64::new(0),
            taken: AtomicU64::new(0),
            reported: AtomicU64::new(0),
        };
        let producer = client::idempotent_producer(config)
            .create_with_context(context)
            .map_err(|error| format!("could not create the producer: {error}"))?;
        Ok(Self { producer })
    }
}

impl<R: Reports> Publish for Producer<R> {
    fn publish(&self, record: &NewRecord<'_>) -> Result<Sent, Loss> {
        let base = BaseRecord::<[u8], [u8]> {
            topic: record.topic,
            partition: None,
            payload: Some(record.payload),
            key: record.key,
            timestamp: Some(record.timestamp_ms),
            headers: None,
            delivery_opaque: (),
        };
        match self.producer.send(base) {
            Ok(()) => {
                self.producer
                    .context()
                    .taken
                    .fetch_add(1, Ordering::Relaxed);
                Ok(Sent::Queued)
            }
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), _)) => Ok(Sent::Full),
            Err((error, _)) => Err(Loss::new(&error)),
        }
    }

    fn serve(&self) {
        // Each call serves one event; any wait shorter than a millisecond would spin, and a longer one spins through its last.
        let events = || self.producer.context().events.load(Ordering::Relaxed);
        loop {
            let before = events();
            self.producer.poll(Duration::ZERO);
            if events() == before {
                return;
            }
        }
    }

    fn waiting(&self) -> u64 {
        // librdkafka's own count takes in events that are no records.
        let context = self.producer.context();
        context.taken.load(Ordering::Relaxed) - context.reported.load(Ordering::Relaxed)
    }

    fn flush(&self, limit: Duration) -> bool {
        let mut left = limit;
        loop {
            native::flush(self.producer.client(), left.min(FLUSH_SLICE));
            self.serve();
            left = left.saturating_sub(FLUSH_SLICE);
            if self.waiting() == 0 || left.is_zero() {
                return self.waiting() == 0;
            }
        }
    }
}

/// The crate's context, with somebody who hears the reports.
struct Reporting<R> {
    context: Context,
    connection: Arc<Connection>,
    reports: Arc<R>,
    /// Callbacks so far: what tells a poll that did something from one that did not.
    events: AtomicU64,
    /// Records that found a place in the queue.
    taken: AtomicU64,
    /// Records of those whose end is known.
    reported: AtomicU64,
}

impl<R: Reports> Reporting<R> {
    fn happened(&self) {
        self.events.fetch_add(1, Ordering::Relaxed);
    }
}

impl<R: Reports> ClientContext for Reporting<R> {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.happened();
        self.context.log(level, facility, message);
    }

    fn stats(&self, statistics: Statistics) {
        self.happened();
        self.context.stats(statistics);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.happened();
        self.context.error(error, reason);
    }
}

impl<R: Reports> ProducerContext for Reporting<R> {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        self.happened();
        self.reported.fetch_add(1, Ordering::Relaxed);
        match result {
            Ok(_) => {
                // Sooner than the next statistics, which otherwise tell that brokers are back.
                self.connection.heard_from();
                self.reports.delivered();
            }
            Err((error, _)) => self.reports.lost(Loss::new(error)),
        }
    }
}

impl Loss {
    fn new(error: &KafkaError) -> Self {
        Self {
            cause: Cause::of(error),
            text: error.to_string(),
        }
    }
}

impl Cause {
    /// Every cause, for counters that exist from the start.
    pub const ALL: &[Self] = &[
        Self::TooLarge,
        Self::NotAuthorized,
        Self::NoTopic,
        Self::BadRecord,
        Self::TimedOut,
        Self::Purged,
        Self::Fatal,
        Self::Other,
    ];

    /// The name in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::NotAuthorized => "not_authorized",
            Self::NoTopic => "no_topic",
            Self::BadRecord => "bad_record",
            Self::TimedOut => "timed_out",
            Self::Purged => "purged",
            Self::Fatal => "fatal",
            Self::Other => "other",
        }
    }

    fn of(error: &KafkaError) -> Self {
        use RDKafkaErrorCode as Code;
        match error.rdkafka_error_code() {
            Some(Code::MessageSizeTooLarge | Code::InvalidMessageSize) => Self::TooLarge,
            Some(Code::TopicAuthorizationFailed | Code::ClusterAuthorizationFailed) => {
                Self::NotAuthorized
            }
            Some(Code::UnknownTopic | Code::UnknownPartition | Code::UnknownTopicOrPartition) => {
                Self::NoTopic
            }
            Some(Code::InvalidTimestamp | Code::InvalidRecord) => Self::BadRecord,
            Some(Code::MessageTimedOut) => Self::TimedOut,
            Some(Code::PurgeQueue | Code::PurgeInflight) => Self::Purged,
            Some(Code::Fatal) => Self::Fatal,
            _ => Self::Other,
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Loss {}

#[cfg(test)]
mod tests;
