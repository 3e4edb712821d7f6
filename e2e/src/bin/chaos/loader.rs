//! Sends payments at a steady rate, whatever happens to the brokers, and keeps the books of it.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use e2e::checker::digest;
use e2e::failure::{Attempt as _, Failure, Outcome};
use e2e::kafka;
use e2e::odd::{REASON, flawed};
use rdkafka::ClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, Header, Message as _, OwnedHeaders};
use rdkafka::producer::{BaseRecord, Producer as _, ProducerContext, ThreadedProducer};

use crate::ledger::{Judge, Ledger};
use crate::payment::{NUMBER, Payment};

/// After so long nobody knows what became of a record. Shorter than the outages of two brokers, so that it happens.
const DELIVERY_TIMEOUT_MS: &str = "20000";

/// Between two looks at the clock.
const TICK: Duration = Duration::from_millis(20);

/// More payments than the steady ones, and odd ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Burst {
    /// Records that nobody can read.
    Poison(u64),
    /// Payments whose timestamp, date and time are hours off, each way.
    HoursOff(u64),
}

/// The one who sends. Dropping it stops it.
pub struct Loader {
    shared: Arc<Shared>,
    bursts: mpsc::Sender<Burst>,
    thread: Option<JoinHandle<Outcome>>,
}

struct Shared {
    ledger: Ledger,
    acked: AtomicU64,
    waiting: AtomicI64,
    odd_sent: AtomicU64,
    odd_acked: AtomicU64,
    odd_unknown: AtomicU64,
    stop: AtomicBool,
}

/// Writes down what the brokers said of each record.
struct Reports(Arc<Shared>);

/// A record that is on its way.
struct Sent {
    number: u64,
    /// Of a burst.
    odd: bool,
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
                shared
                    .odd_acked
                    .fetch_add(u64::from(sent.odd), Ordering::Relaxed);
            }
            Err((error, _)) => {
                let why = error.rdkafka_error_code();
                let why = why.unwrap_or(RDKafkaErrorCode::Unknown);
                if !is_refusal(why) {
                    shared
                        .odd_unknown
                        .fetch_add(u64::from(sent.odd), Ordering::Relaxed);
                }
                shared.ledger.unknown(sent.number, why);
            }
        }
        shared.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Loader {
    /// Starts to send `rate` payments a second; the ledger lies in `folder`.
    pub fn start(bootstrap: &str, topic: &str, rate: u64, folder: &Path) -> Outcome<Self> {
        let shared = Arc::new(Shared {
            ledger: Ledger::create(&folder.join("ledger"))?,
            acked: AtomicU64::new(0),
            waiting: AtomicI64::new(0),
            odd_sent: AtomicU64::new(0),
            odd_acked: AtomicU64::new(0),
            odd_unknown: AtomicU64::new(0),
            stop: AtomicBool::new(false),
        });
        let mut client = kafka::producer(bootstrap);
        client
            .set("message.timeout.ms", DELIVERY_TIMEOUT_MS)
            // Each record is sent once, so that whatever is on `payments` twice is not our doing: when records of an idempotent
            // producer time out, librdkafka takes a new epoch and sends what it had sent before.
            .set("enable.idempotence", "false")
            .set("message.send.max.retries", "0");
        let client: Client = client
            .create_with_context(Reports(Arc::clone(&shared)))
            .attempt("make a producer")?;
        let (bursts, ordered) = mpsc::channel();
        let (topic, sharing) = (topic.to_owned(), Arc::clone(&shared));
        let thread = thread::spawn(move || {
            let sender = Sender {
                client,
                topic,
                shared: sharing,
            };
            sender.run(rate, &ordered)
        });
        Ok(Self {
            shared,
            bursts,
            thread: Some(thread),
        })
    }

    /// Orders a burst.
    pub fn burst(&self, burst: Burst) -> Outcome {
        self.bursts.send(burst).attempt("order a burst")
    }

    /// How many records the brokers have acknowledged.
    pub fn acked(&self) -> u64 {
        self.shared.acked.load(Ordering::Relaxed)
    }

    /// How many records of bursts were handed over, how many of them the brokers have acknowledged, and of how many nobody
    /// said in time what became of them.
    pub fn odd(&self) -> [u64; 3] {
        let Shared {
            odd_sent,
            odd_acked,
            odd_unknown,
            ..
        } = &*self.shared;
        [odd_sent, odd_acked, odd_unknown].map(|count| count.load(Ordering::Relaxed))
    }

    /// How many records wait for a broker's word.
    pub fn waiting(&self) -> i64 {
        self.shared.waiting.load(Ordering::Relaxed)
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

struct Sender {
    client: Client,
    topic: String,
    shared: Arc<Shared>,
}

impl Sender {
    fn run(&self, rate: u64, bursts: &mpsc::Receiver<Burst>) -> Outcome {
        let (started, mut number, mut steady) = (Instant::now(), 0, 0);
        while !self.shared.stop.load(Ordering::Relaxed) {
            let due = (started.elapsed().as_secs_f64() * rate as f64) as u64;
            while steady < due {
                self.payment(Sent { number, odd: false }, 0)?;
                (number, steady) = (number + 1, steady + 1);
            }
            for burst in bursts.try_iter() {
                let count = self.send(burst, number)?;
                number += count;
            }
            thread::sleep(TICK);
        }
        let limit = Duration::from_secs(60);
        self.client
            .flush(limit)
            .attempt("wait for the brokers' word")
    }

    fn send(&self, burst: Burst, first: u64) -> Outcome<u64> {
        match burst {
            Burst::Poison(count) => {
                (first..first + count).try_for_each(|number| self.poison(number))?;
                Ok(count)
            }
            Burst::HoursOff(count) => {
                let shift = |number: u64| (number % 25) as i64 - 12;
                let mut numbers = first..first + count;
                numbers.try_for_each(|number| {
                    self.payment(Sent { number, odd: true }, shift(number))
                })?;
                Ok(count)
            }
        }
    }

    fn payment(&self, sent: Sent, shift_hours: i64) -> Outcome {
        let payment = Payment::new(sent.number, shift_hours);
        let now_ms = now_ms()?;
        let record = BaseRecord::with_opaque_to(&self.topic, Box::new(sent))
            .key(payment.account.as_bytes())
            .payload(payment.json.as_bytes())
            .timestamp(now_ms + shift_hours * 3_600_000);
        self.hand_over(Some(payment.json.as_bytes()), record, OwnedHeaders::new())
    }

    fn poison(&self, number: u64) -> Outcome {
        let (reason, payload) = flawed(number);
        let sent = Sent { number, odd: true };
        let mut record = BaseRecord::with_opaque_to(&self.topic, Box::new(sent));
        if let Some(payload) = &payload {
            record = record.payload(payload.as_slice());
        }
        let reason = Header {
            key: REASON,
            value: reason,
        };
        let headers = OwnedHeaders::new().insert(reason);
        self.hand_over(payload.as_deref(), record, headers)
    }

    fn hand_over(
        &self,
        payload: Option<&[u8]>,
        record: BaseRecord<'_, [u8], [u8], Box<Sent>>,
        headers: OwnedHeaders,
    ) -> Outcome {
        let shared = &self.shared;
        let Sent { number, odd } = *record.delivery_opaque;
        let text = number.to_string();
        let headers = headers.insert(Header {
            key: NUMBER,
            value: Some(&text),
        });
        shared.ledger.sent(number, digest(payload));
        shared.waiting.fetch_add(1, Ordering::Relaxed);
        match self.client.send(record.headers(headers)) {
            Ok(()) => {
                shared.odd_sent.fetch_add(u64::from(odd), Ordering::Relaxed);
                Ok(())
            }
            // A long outage; the next ones may find room again.
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), _)) => {
                shared.waiting.fetch_sub(1, Ordering::Relaxed);
                shared.ledger.refused(number);
                Ok(())
            }
            Err((error, _)) => Err(error).attempt("send a payment"),
        }
    }
}

/// What a record's timestamp says unless it is hours off.
#[allow(clippy::disallowed_methods)] // services ask service::clock, and this is none
fn now_ms() -> Outcome<i64> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    Ok(now.attempt("ask for the time")?.as_millis() as i64)
}
