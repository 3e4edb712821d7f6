//! Hands payments over to the brokers, each of them once.

use std::sync::atomic::Ordering;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use e2e::checker::digest;
use e2e::failure::{Attempt as _, Outcome};
use e2e::kafka;
use e2e::odd::{REASON, flawed};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseRecord, Producer as _, PurgeConfig};

use super::{Client, Odd, Reports, Sent, Shared};
use crate::payment::{NUMBER, Payment};

/// After so long without a broker's word the loader gives up its client, and nobody knows what became of what waited. Shorter
/// than the outages of two brokers, so that it happens.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// Between two looks at the clock.
const TICK: Duration = Duration::from_millis(20);

/// A producer that sends nothing twice. It has to be idempotent: another one takes it for certain that a leader which steps down
/// has not stored what it was sent, and sends it again without counting that as a retry. And it must not give up single records:
/// then an idempotent one takes a new epoch, and sends under that what it had sent before.
fn client(bootstrap: &str, shared: &Arc<Shared>) -> Outcome<Client> {
    let mut client = kafka::producer(bootstrap);
    client.set("message.timeout.ms", "0");
    client
        .create_with_context(Reports(Arc::clone(shared)))
        .attempt("make a producer")
}

/// The thread of the loader.
pub struct Sender {
    client: Client,
    bootstrap: String,
    topic: String,
    shared: Arc<Shared>,
}

impl Sender {
    /// One that has not begun.
    pub fn new(bootstrap: &str, topic: &str, shared: Arc<Shared>) -> Outcome<Self> {
        Ok(Self {
            client: client(bootstrap, &shared)?,
            bootstrap: bootstrap.to_owned(),
            topic: topic.to_owned(),
            shared,
        })
    }

    /// Sends `rate` payments a second, and what bursts are ordered, until told to stop.
    pub fn run(mut self, rate: u64, bursts: &mpsc::Receiver<(Odd, u64)>) -> Outcome {
        let (started, mut number, mut steady) = (Instant::now(), 0, 0);
        while !self.shared.stop.load(Ordering::Relaxed) {
            if self.shared.waiting.longest() > LONGEST_WAIT {
                self.give_up()?;
            }
            let due = (started.elapsed().as_secs_f64() * rate as f64) as u64;
            while steady < due {
                self.payment(Sent::new(number, None), 0)?;
                (number, steady) = (number + 1, steady + 1);
            }
            for (odd, count) in bursts.try_iter() {
                (number..number + count).try_for_each(|number| self.odd(odd, number))?;
                number += count;
            }
            thread::sleep(TICK);
        }
        let limit = Duration::from_secs(60);
        self.client
            .flush(limit)
            .attempt("wait for the brokers' word")
    }

    /// Abandons the client with all that waits, as a process does that dies: each of these records may be stored, once, or not
    /// at all. Nothing is sent again, by this client or by the next.
    fn give_up(&mut self) -> Outcome {
        self.client.purge(PurgeConfig::default().queue().inflight());
        self.client
            .flush(Duration::from_secs(10))
            .attempt("hear what was given up")?;
        self.client = client(&self.bootstrap, &self.shared)?;
        Ok(())
    }

    fn odd(&self, odd: Odd, number: u64) -> Outcome {
        match odd {
            Odd::Poison => self.poison(number),
            Odd::HoursOff => {
                let shift_hours = (number % 25) as i64 - 12;
                self.payment(Sent::new(number, Some(odd)), shift_hours)
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
        let sent = Sent::new(number, Some(Odd::Poison));
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
        let Sent {
            number,
            odd,
            handed_over,
        } = *record.delivery_opaque;
        let text = number.to_string();
        let headers = headers.insert(Header {
            key: NUMBER,
            value: Some(&text),
        });
        shared.ledger.sent(number, digest(payload));
        shared.waiting.began(handed_over);
        match self.client.send(record.headers(headers)) {
            Ok(()) => {
                shared.note(odd, |tally| tally.sent += 1);
                Ok(())
            }
            // A long outage; the next ones may find room again.
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), _)) => {
                shared.waiting.ended(handed_over);
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
