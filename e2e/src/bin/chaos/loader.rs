//! Sends payments at a steady rate, whatever happens to the brokers, and keeps the books of it.

mod patience;
mod sender;

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use e2e::failure::{Attempt as _, Failure, Outcome};
use rdkafka::ClientContext;
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::message::{DeliveryResult, Message as _};
use rdkafka::producer::{ProducerContext, ThreadedProducer};

use crate::ledger::{Judge, Ledger};
use patience::Patience;
use sender::Sender;

/// What comes in bursts, beside the steady payments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Odd {
    /// Records that nobody can read.
    Poison,
    /// Payments whose timestamp, date and time are hours off, each way.
    HoursOff,
}

/// What became of the odd records of a kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Handed over.
    pub sent: u64,
    /// Acknowledged by the brokers.
    pub acked: u64,
    /// Nobody said in time what became of them.
    pub unknown: u64,
}

/// The one who sends. Dropping it stops it.
pub struct Loader {
    shared: Arc<Shared>,
    bursts: mpsc::Sender<(Odd, u64)>,
    thread: Option<JoinHandle<Outcome>>,
}

struct Shared {
    ledger: Ledger,
    acked: AtomicU64,
    waiting: Patience,
    poison: Mutex<Tally>,
    hours_off: Mutex<Tally>,
    stop: AtomicBool,
}

/// Writes down what the brokers said of each record.
struct Reports(Arc<Shared>);

/// A record that is on its way.
struct Sent {
    number: u64,
    /// What it is, if it is none of the steady ones.
    odd: Option<Odd>,
    handed_over: Instant,
}

impl Sent {
    fn new(number: u64, odd: Option<Odd>) -> Self {
        Self {
            number,
            odd,
            handed_over: Instant::now(),
        }
    }
}

type Client = ThreadedProducer<Reports>;

impl ClientContext for Reports {}

impl ProducerContext for Reports {
    type DeliveryOpaque = Box<Sent>;

    fn delivery(&self, result: &DeliveryResult<'_>, sent: Self::DeliveryOpaque) {
        let Self(shared) = self;
        match result {
            Ok(record) => {
                shared
                    .ledger
                    .acked(sent.number, record.partition(), record.offset());
                shared.acked.fetch_add(1, Ordering::Relaxed);
                shared.note(sent.odd, |tally| tally.acked += 1);
            }
            Err((error, _)) => {
                let why = error.rdkafka_error_code();
                let why = why.unwrap_or(RDKafkaErrorCode::Unknown);
                if !is_refusal(why) {
                    shared.note(sent.odd, |tally| tally.unknown += 1);
                }
                shared.ledger.unknown(sent.number, why);
            }
        }
        shared.waiting.ended(sent.handed_over);
    }
}

impl Loader {
    /// Starts to send `rate` payments a second; the ledger lies in `folder`.
    pub fn start(bootstrap: &str, topic: &str, rate: u64, folder: &Path) -> Outcome<Self> {
        let shared = Arc::new(Shared {
            ledger: Ledger::create(&folder.join("ledger"))?,
            acked: AtomicU64::new(0),
            waiting: Patience::default(),
            poison: Mutex::default(),
            hours_off: Mutex::default(),
            stop: AtomicBool::new(false),
        });
        let (bursts, ordered) = mpsc::channel();
        let sender = Sender::new(bootstrap, topic, Arc::clone(&shared))?;
        let thread = thread::spawn(move || sender.run(rate, &ordered));
        Ok(Self {
            shared,
            bursts,
            thread: Some(thread),
        })
    }

    /// Orders so many in one go.
    pub fn burst(&self, odd: Odd, count: u64) -> Outcome {
        self.bursts.send((odd, count)).attempt("order a burst")
    }

    /// How many records the brokers have acknowledged.
    pub fn acked(&self) -> u64 {
        self.shared.acked.load(Ordering::Relaxed)
    }

    /// What became of the odd ones so far.
    pub fn tally(&self, odd: Odd) -> Tally {
        *self.shared.tally_of(odd)
    }

    /// How many records wait for a broker's word.
    pub fn waiting(&self) -> usize {
        self.shared.waiting.count()
    }

    /// Stops, waits until every record has an outcome, and hands the books over.
    pub fn finish(&mut self) -> Outcome<Judge> {
        self.shared.stop.store(true, Ordering::Relaxed);
        let thread = self.thread.take();
        let thread = thread.ok_or_else(|| Failure::new("the loader has stopped before"))?;
        let ended = thread.join();
        ended.map_err(|_| Failure::new("the loader panicked"))??;
        self.shared.ledger.judge()
    }
}

impl Shared {
    fn tally_of(&self, odd: Odd) -> MutexGuard<'_, Tally> {
        let tally = match odd {
            Odd::Poison => &self.poison,
            Odd::HoursOff => &self.hours_off,
        };
        tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, odd: Option<Odd>, count: impl FnOnce(&mut Tally)) {
        if let Some(odd) = odd {
            count(&mut self.tally_of(odd));
        }
    }
}

impl Drop for Loader {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
    }
}

/// Whether it is the record's own fault, and not that of brokers which are away or too few.
const fn is_refusal(code: RDKafkaErrorCode) -> bool {
    matches!(
        code,
        RDKafkaErrorCode::InvalidTimestamp
            | RDKafkaErrorCode::InvalidRecord
            | RDKafkaErrorCode::InvalidMessage
            | RDKafkaErrorCode::MessageSizeTooLarge
    )
}
