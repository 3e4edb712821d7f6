//! The open transaction: taking records into it, and closing it.

use std::time::{Duration, Instant};

use tracing::debug;

use crate::consumer::Consume;
use crate::fault::{Call, Fate, Fault};
use crate::headers::HeaderList;
use crate::ledger::Ledger;
use crate::metrics::Outcome;
use crate::record::Record;
use crate::transaction::{Handed, Outgoing, Produce};
use crate::worker::{ASK, Route, Routed, Worker, WorkerError};

/// How long the brokers may take to acknowledge what was sent. Records that are not delivered within the transaction's own
/// time fail by themselves, so this only ends a wait that librdkafka forgot.
const DRAIN: Duration = Duration::from_secs(60);
/// No call of a transaction takes longer, with all its repetitions.
const LAWFUL_WAIT: Duration = Duration::from_secs(120);
/// Between two tries of a call that librdkafka says may be repeated.
const PAUSE: Duration = Duration::from_millis(if cfg!(test) { 1 } else { 50 });

/// A transaction that has begun.
#[derive(Debug)]
pub(super) struct Open {
    /// When it began: its first record came.
    pub since: Instant,
    /// How many records it has.
    pub records: usize,
    /// Kafka's timestamp of its last record, in milliseconds.
    pub last_timestamp_ms: Option<i64>,
}

impl Open {
    /// One that begins at this moment.
    pub fn now() -> Self {
        Self {
            since: Instant::now(),
            records: 0,
            last_timestamp_ms: None,
        }
    }
}

/// A partition that has to stand still.
pub(super) struct Halt {
    pub partition: i32,
    pub why: String,
}

/// What taking a record needs, borrowed apart from the consumer that the record lies in.
pub(super) struct Taking<'w, P, R> {
    pub producer: &'w mut P,
    pub router: &'w mut R,
    pub ledger: &'w mut Ledger,
    pub open: &'w mut Option<Open>,
    pub headers: &'w mut HeaderList,
    pub dead_letter_limit: u32,
}

impl Halt {
    fn at(record: &Record<'_>, why: &str) -> Self {
        Self {
            partition: record.partition,
            why: format!(
                "partition {} of {} is halted at offset {}: {why}",
                record.partition, record.topic, record.offset
            ),
        }
    }
}

impl<P, R: Route> Taking<'_, P, R> {
    /// Routes a record and sends what comes of it. `Some` when its partition has to stand still instead.
    pub fn take<G>(&mut self, record: &Record<'_>) -> Result<Option<Halt>, Fault>
    where
        P: Produce<G>,
    {
        let Some(entry) = self
            .ledger
            .get_mut(record.partition)
            .filter(|entry| entry.takes(record.offset))
        else {
            return Ok(None);
        };
        if self.open.is_none() {
            self.producer.begin()?;
            *self.open = Some(Open::now());
        }
        self.headers.clear();
        let (topic, refused) = match self.router.route(record, self.headers) {
            Routed::To(topic) => (topic, 0),
            Routed::Refused(topic) => (topic, entry.refused.saturating_add(1)),
        };
        if self.dead_letter_limit > 0 && refused > self.dead_letter_limit {
            let why = format!(
                "{refused} records in a row could not be read, more than DETECTOR_DEAD_LETTER_LIMIT allows; mend the sender, or \
                 raise the limit to let them go to the dead letters"
            );
            self.router.withheld();
            return Ok(Some(Halt::at(record, &why)));
        }
        let outgoing = Outgoing {
            topic,
            key: record.key,
            payload: record.payload,
            headers: self.headers,
        };
        let started = Instant::now();
        loop {
            match self.producer.send(outgoing)? {
                Handed::Queued => break,
                Handed::Full => {
                    self.producer.drain()?;
                    if started.elapsed() > DRAIN {
                        return Err(stuck(Call::Send));
                    }
                }
                Handed::TooLarge => {
                    let why = format!(
                        "with its headers the record is larger than topic {topic} takes; raise max.message.bytes of the topics that \
                         are written to, which has to be larger than that of {}, and start anew",
                        record.topic
                    );
                    self.router.withheld();
                    return Ok(Some(Halt::at(record, &why)));
                }
            }
        }
        entry.refused = refused;
        entry.next = Some(record.offset + 1);
        if let Some(open) = self.open {
            open.records += 1;
            open.last_timestamp_ms = record.timestamp_ms.or(open.last_timestamp_ms);
        }
        Ok(None)
    }
}

impl<C, P, R> Worker<C, P, R>
where
    C: Consume,
    P: Produce<C::Group>,
    R: Route,
{
    /// Whether the open transaction has waited long enough, or is full.
    pub(super) fn is_due(&self) -> bool {
        self.open.as_ref().is_some_and(|open| {
            open.records >= self.options.commit_records
                || open.since.elapsed() >= self.options.commit_interval
        })
    }

    /// The topic's id, drain, positions, commit: in this order.
    pub(super) fn close_transaction(&mut self) -> Result<(), WorkerError> {
        if self.open.is_none() {
            return Ok(());
        }
        self.vitals.wait(LAWFUL_WAIT);
        if let Err(fault) = self.is_same_topic(ASK) {
            self.abandon_transaction("nobody says whether the topic is still the same");
            return self.consume_fault(fault);
        }
        let Some(open) = self.open.take() else {
            return Ok(());
        };
        let timer = self.metrics.commit_seconds.start_timer();
        let next = self.ledger.uncommitted();
        match self.try_to_close(&next) {
            Ok(()) => {
                timer.observe_duration();
                self.ledger.commit();
                self.rivals.committed();
                self.barren = 0;
                self.router.committed();
                if self.options.embedded {
                    self.consumer.commit(&next, &self.assignment.topic_id);
                }
                self.consumer.store(&next);
                self.connection.heard_from();
                self.vitals.recovered();
                self.metrics.ended(Outcome::Committed);
                self.tell_lag(&open);
                debug!(
                    topic = self.options.topic,
                    records = open.records,
                    "transaction committed"
                );
                Ok(())
            }
            Err(fault) => {
                timer.stop_and_discard();
                self.fall(fault)
            }
        }
    }

    fn try_to_close(&mut self, next: &[(i32, i64)]) -> Result<(), Fault> {
        let started = Instant::now();
        while !self.producer.drain()? {
            if started.elapsed() > DRAIN {
                return Err(stuck(Call::Drain));
            }
        }
        if !next.is_empty() {
            self.repeat(|worker| {
                let group = worker.consumer.group().ok_or_else(no_member)?;
                let topic_id = &worker.assignment.topic_id;
                worker
                    .producer
                    .send_offsets(&worker.options.topic, next, topic_id, group)
            })?;
        }
        self.repeat(|worker| worker.producer.commit())
    }

    /// Makes a call again for as long as its fault says so, and the transaction lives.
    fn repeat(
        &mut self,
        mut call: impl FnMut(&mut Self) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let started = Instant::now();
        self.vitals.wait(LAWFUL_WAIT * 2);
        loop {
            match call(self) {
                Err(fault) if fault.fate() == Fate::Repeat && started.elapsed() < LAWFUL_WAIT => {
                    debug!(%fault, "trying the call again");
                    // Nothing else can be done with an open transaction, and the group's heartbeat has its own thread.
                    std::thread::sleep(PAUSE);
                }
                outcome => return outcome,
            }
        }
    }

    /// The age of the last committed record: the commit interval when the worker keeps up, its arrears when it does not.
    fn tell_lag(&self, open: &Open) {
        if let Some(timestamp) = open.last_timestamp_ms {
            let age_ms = (self.options.now_ms)().saturating_sub(timestamp).max(0);
            self.metrics.lag_seconds.set(age_ms as f64 / 1000.0);
        }
    }
}

/// A wait that no answer ended: the outcome is unknown.
fn stuck(call: Call) -> Fault {
    Fault {
        call,
        code: Fault::TIMED_OUT,
        text: "no answer in time".to_owned(),
        fatal: false,
        requires_abort: false,
        retriable: false,
    }
}

/// The group let this consumer go; what is open is somebody else's to decide now.
fn no_member() -> Fault {
    Fault {
        // Nothing was sent.
        code: 0,
        text: "not a member of the consumer group".to_owned(),
        requires_abort: true,
        ..stuck(Call::SendOffsets)
    }
}
