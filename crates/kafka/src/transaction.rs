//! The producer's half of a transaction.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use rdkafka::consumer::ConsumerGroupMetadata;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use crate::bounded;
use crate::client::{self, TRANSACTION_TIMEOUT};
use crate::config::Config;
use crate::connection::Connection;
use crate::context::Context;
use crate::fault::{Call, Fault};
use crate::headers::HeaderList;
use crate::native;

/// How long one try to open a producer may take before the loop turns again.
const OPEN: Duration = Duration::from_secs(5);
/// How long an abort may take before the producer is given up.
const ABORT: Duration = Duration::from_secs(30);
/// How long positions may take before the producer is given up: by then the coordinator has aborted the transaction, or soon
/// will, unless it was away itself.
const OFFSETS: Duration = if cfg!(test) {
    Duration::from_secs(1)
} else {
    TRANSACTION_TIMEOUT.saturating_add(Duration::from_secs(5))
};
/// Producers that hang in a call, each with its threads and connections. A process that has left so many behind starts anew.
const LEFT_BEHIND: usize = 3;
/// Events that are served at a time.
const EVENTS: i32 = 100;
/// One slice of a call that would wait longer than is good.
const SLICE: Duration = Duration::from_millis(100);

/// A record to send.
#[derive(Clone, Copy)]
pub struct Outgoing<'a> {
    /// Where to.
    pub topic: &'a str,
    /// Decides about the partition; without one it is any.
    pub key: Option<&'a [u8]>,
    /// The value.
    pub payload: Option<&'a [u8]>,
    /// The headers, in order.
    pub headers: &'a HeaderList,
}

/// Whether a record found a place in the open transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handed {
    /// It lies in the producer's queue.
    Queued,
    /// The queue is full: serve the producer and send it again.
    Full,
    /// It is larger than the topics take that are written to: it never will. The transaction does not mind.
    TooLarge,
}

/// What the loop asks of a transactional producer. One small trait, so that a test can let every call fail.
pub trait Produce<Group> {
    /// Makes a new producer with the same transactional id and fences every older one. One bounded try; the next goes on with
    /// the same producer unless it failed for good.
    fn open(&mut self) -> Result<(), Fault>;
    /// Hands over what the client has to say. Nothing else does where all goes well, and it would pile up. Never blocks.
    fn serve(&mut self);
    /// Begins a transaction.
    fn begin(&mut self) -> Result<(), Fault>;
    /// Queues a record.
    fn send(&mut self, record: Outgoing<'_>) -> Result<Handed, Fault>;
    /// Waits a slice of time for acknowledgements; true when none is missing.
    fn drain(&mut self) -> Result<bool, Fault>;
    /// Adds positions to the transaction: (partition, next offset) of `topic`, each with `metadata` beside it.
    fn send_offsets(
        &mut self,
        topic: &str,
        next: &[(i32, i64)],
        metadata: &str,
        group: Group,
    ) -> Result<(), Fault>;
    /// Commits.
    fn commit(&mut self) -> Result<(), Fault>;
    /// Aborts.
    fn abort(&mut self) -> Result<(), Fault>;
}

/// A [`Produce`] on real brokers.
pub struct TransactionalProducer {
    settings: ClientConfig,
    connection: Arc<Connection>,
    /// Shared with a call that may outlive it.
    producer: Option<Arc<BaseProducer<Context>>>,
    /// The producer is made, but `init_transactions` has not succeeded yet.
    opening: bool,
    /// Producers that were given up with a call in them, for as long as it lasts.
    left: Vec<Weak<BaseProducer<Context>>>,
}

impl TransactionalProducer {
    /// Prepares a producer; [`Produce::open`] makes it. `max_record_bytes` is what the topics take that it writes to.
    pub fn new(
        config: &Config,
        transactional_id: &str,
        commit_interval: Duration,
        max_record_bytes: usize,
        connection: Arc<Connection>,
    ) -> Self {
        let settings = client::transactional_producer(
            config,
            transactional_id,
            commit_interval,
            max_record_bytes,
        );
        Self {
            settings,
            connection,
            producer: None,
            opening: false,
            left: Vec::new(),
        }
    }

    /// A produce call only says that the client is of no use any more; the client says why.
    fn cause(&self, fault: Fault) -> Fault {
        let client = self.producer.as_ref().filter(|_| fault.fatal);
        match client.and_then(|producer| producer.client().fatal_error()) {
            Some((code, text)) => Fault {
                code: code as i32,
                text,
                ..fault
            },
            None => fault,
        }
    }

    fn producer(&self, call: Call) -> Result<&Arc<BaseProducer<Context>>, Fault> {
        self.producer.as_ref().ok_or_else(|| no_producer(call))
    }
}

fn no_producer(call: Call) -> Fault {
    Fault {
        call,
        code: 0,
        text: "there is no producer".to_owned(),
        fatal: true,
        requires_abort: false,
        retriable: false,
    }
}

impl Produce<ConsumerGroupMetadata> for TransactionalProducer {
    fn open(&mut self) -> Result<(), Fault> {
        self.left.retain(|producer| producer.strong_count() > 0);
        if self.left.len() >= LEFT_BEHIND {
            return Err(Fault {
                text: format!(
                    "{LEFT_BEHIND} producers hang in send_offsets_to_transaction, which only the end of the process ends"
                ),
                ..no_producer(Call::Create)
            });
        }
        if !self.opening {
            self.serve();
            // The old one goes first: two at a time would fence each other.
            self.producer = None;
            let context = Context::new(Arc::clone(&self.connection), None);
            let producer = self
                .settings
                .create_with_context(context)
                .map_err(|error| Fault::new(Call::Create, &error))?;
            self.producer = Some(Arc::new(producer));
            self.opening = true;
        }
        let producer = self.producer(Call::Init)?;
        let outcome = producer
            .init_transactions(OPEN)
            .map_err(|error| Fault::new(Call::Init, &error));
        // Above all why it cannot connect.
        self.serve();
        match outcome {
            Ok(()) => self.opening = false,
            Err(ref fault) if fault.fatal => self.opening = false,
            Err(_) => {}
        }
        outcome
    }

    fn serve(&mut self) {
        let Some(producer) = &self.producer else {
            return;
        };
        // A call serves one event. The count also has records in it, which are reported in their own time.
        for _ in 0..producer.in_flight_count().min(EVENTS) {
            producer.poll(Duration::ZERO);
        }
    }

    fn begin(&mut self) -> Result<(), Fault> {
        self.producer(Call::Begin)?
            .begin_transaction()
            .map_err(|error| Fault::new(Call::Begin, &error))
    }

    fn send(&mut self, record: Outgoing<'_>) -> Result<Handed, Fault> {
        let mut headers = OwnedHeaders::new_with_capacity(record.headers.len());
        for (name, value) in record.headers.iter() {
            // A name is UTF-8 by the protocol; one that lies keeps its readable part.
            headers = headers.insert(Header {
                key: &String::from_utf8_lossy(name),
                value,
            });
        }
        let message = BaseRecord::<[u8], [u8]> {
            topic: record.topic,
            partition: None,
            payload: record.payload,
            key: record.key,
            timestamp: None,
            headers: Some(headers),
            delivery_opaque: (),
        };
        match self.producer(Call::Send)?.send(message) {
            Ok(()) => Ok(Handed::Queued),
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), _)) => {
                Ok(Handed::Full)
            }
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::MessageSizeTooLarge), _)) => {
                Ok(Handed::TooLarge)
            }
            Err((error, _)) => Err(self.cause(Fault::new(Call::Send, &error))),
        }
    }

    fn drain(&mut self) -> Result<bool, Fault> {
        let producer = self.producer(Call::Drain)?;
        let empty = native::flush(producer.client(), SLICE);
        if !empty {
            producer.poll(Duration::ZERO);
        }
        Ok(empty)
    }

    /// The one call whose time limit does not hold: librdkafka may lose sight of a group's coordinator that was away, and
    /// then waits for ever (confluentinc/librdkafka#5456), or until any broker comes or goes.
    fn send_offsets(
        &mut self,
        topic: &str,
        next: &[(i32, i64)],
        metadata: &str,
        group: ConsumerGroupMetadata,
    ) -> Result<(), Fault> {
        let wrap = |error: KafkaError| Fault::new(Call::SendOffsets, &error);
        let mut list = TopicPartitionList::with_capacity(next.len());
        for (partition, offset) in next {
            let mut element = list.add_partition(topic, *partition);
            element.set_offset(Offset::Offset(*offset)).map_err(wrap)?;
            element.set_metadata(metadata);
        }
        let producer = Arc::clone(self.producer(Call::SendOffsets)?);
        let answer = bounded::within(OFFSETS, move || {
            producer.send_offsets_to_transaction(&list, &group, TRANSACTION_TIMEOUT)
        });
        match answer {
            Ok(outcome) => outcome.map_err(wrap),
            Err(text) => {
                // Its successor fences it, so whatever still comes of the call comes to nothing.
                self.left
                    .extend(self.producer.take().as_ref().map(Arc::downgrade));
                Err(Fault {
                    code: Fault::TIMED_OUT,
                    text,
                    ..no_producer(Call::SendOffsets)
                })
            }
        }
    }

    fn commit(&mut self) -> Result<(), Fault> {
        self.producer(Call::Commit)?
            .commit_transaction(TRANSACTION_TIMEOUT)
            .map_err(|error| Fault::new(Call::Commit, &error))
    }

    /// In slices: one long abort would wait out its whole time while reports of failed deliveries lie unserved.
    fn abort(&mut self) -> Result<(), Fault> {
        let producer = self.producer(Call::Abort)?;
        let deadline = Instant::now() + ABORT;
        loop {
            match producer
                .abort_transaction(SLICE)
                .map_err(|error| Fault::new(Call::Abort, &error))
            {
                Err(fault) if fault.retriable && !fault.fatal && Instant::now() < deadline => {
                    // Some answers come at once.
                    std::thread::sleep(Duration::from_millis(5));
                }
                outcome => return outcome,
            }
            // `poll(0)` serves one event a call.
            while producer.in_flight_count() > 0 && Instant::now() < deadline {
                producer.poll(Duration::from_millis(1));
            }
        }
    }
}

#[cfg(test)]
mod tests;
