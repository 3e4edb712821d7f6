//! The detector's loop: consume, route, produce, and move the position, all in one Kafka transaction.
//!
//! One worker is one consumer and one transactional producer on one OS thread. It turns like this, and the order is the
//! guarantee:
//!
//! 1. **Poll.** The first record opens a transaction. Every record is routed in place, and what comes of it is sent.
//! 2. **Drain.** When the commit interval is over, the transaction is full, partitions are taken away or the process ends:
//!    ask whether the topic is still the one that was read (else nothing of it counts), and wait until the brokers have
//!    acknowledged every record that was sent.
//! 3. **Positions.** Add the next offset of every partition to the transaction, with the group's membership *as it is now*: a
//!    stale one costs an abort at nearly every rebalance.
//! 4. **Commit.** Only now do readers (`read_committed`) see the records, and only now has the position moved.
//!
//! A crash at any line repeats work and never loses or doubles it: until the commit the records are invisible and the
//! position is the old one. A call that fails is judged by [`Fault::fate`](crate::Fault::fate) and nothing else: repeat it,
//! abort and read the records again, or make a new producer and ask the broker what is committed, since after an unknown
//! outcome our own memory is not evidence. Until a partition is back at its position its records are dropped unseen.
//!
//! Nothing here waits long without polling, or the group would throw the worker out; what has to wait (for brokers, for the
//! coordinator) is tried again at a later turn.

mod assignment;
mod markers;
mod recovery;
mod transaction;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use crate::connection::Connection;
use crate::consumer::{Consume, ConsumeFault, Polled};
use crate::context::Rebalance;
use crate::fault::Fault;
use crate::headers::HeaderList;
use crate::ledger::Ledger;
use crate::metrics::Metrics;
use crate::record::{Received as _, Record};
use crate::transaction::Produce;
use crate::vitals::Vitals;

use assignment::Assignment;
use recovery::Recovery;
use transaction::{Halt, Open, Taking};

/// How long a poll waits when nothing is due.
const IDLE: Duration = Duration::from_millis(100);
/// How long one question to the coordinator may take before the loop turns again.
const ASK: Duration = Duration::from_secs(2);
/// How long the loop may poll on without looking at its clock.
const BURST: usize = 1_000;

/// Decides where records go. The worker's only view of what the service does.
pub trait Route {
    /// Says where `record` goes and fills `headers` with what it is sent with; key and payload go along unchanged.
    fn route(&mut self, record: &Record<'_>, headers: &mut HeaderList) -> Routed<'_>;
    /// Everything routed since the last call is committed: now it may be counted.
    fn committed(&mut self);
    /// Everything routed since the last call is undone and will be routed again.
    fn aborted(&mut self);
    /// The record routed last is not sent: its partition stands still at it.
    fn withheld(&mut self);
    /// The topic that is read has this id now; called before the first record and whenever partitions come.
    fn reading(&mut self, topic_id: &str);
}

/// Where a record goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Routed<'a> {
    /// It was understood and goes to this topic.
    To(&'a str),
    /// It was refused and goes to this topic for dead letters.
    Refused(&'a str),
}

/// What a worker is told.
#[derive(Debug, Clone)]
pub struct Options {
    /// The topic that it reads.
    pub topic: String,
    /// Its transactional id: `<group>-<instance>-<worker>`.
    pub transactional_id: String,
    /// The longest time that a record waits for its commit.
    pub commit_interval: Duration,
    /// So many records are committed without waiting for the interval.
    pub commit_records: usize,
    /// Refusals in a row that halt a partition; 0 means never.
    pub dead_letter_limit: u32,
    /// The brokers throw a transaction's offsets away: commit them plainly too, and rewind from memory.
    pub embedded: bool,
    /// The wall clock in milliseconds since the epoch, for the lag in seconds.
    pub now_ms: fn() -> i64,
}

/// Why a worker ended before it was told to.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// The consumer is of no use any more.
    #[error("the consumer gave up: {0}")]
    Consumer(String),
    /// No producer can be made, which does not pass.
    #[error("the producer cannot be made: {0}")]
    Producer(String),
    /// Another process uses the same transactional id.
    #[error(
        "fenced {times} times within {} s: another process uses the transactional id {id}; give every instance its own \
         DETECTOR_INSTANCE",
        .within.as_secs()
    )]
    Rival {
        /// The id that both use.
        id: String,
        /// How often this worker was fenced.
        times: usize,
        /// Within which time.
        within: Duration,
    },
}

/// What one poll led to.
enum Turn {
    Taken,
    Halt(Halt),
    Failed(Fault),
    Rebalance(Rebalance),
    Fault(ConsumeFault),
    Nothing,
}

/// One consumer and one producer in one loop.
pub struct Worker<C, P, R> {
    consumer: C,
    producer: P,
    router: R,
    options: Options,
    metrics: Metrics,
    vitals: Arc<Vitals>,
    connection: Arc<Connection>,
    ledger: Ledger,
    assignment: Assignment,
    open: Option<Open>,
    recovery: Option<Recovery>,
    rivals: recovery::Rivals,
    headers: HeaderList,
    /// When positions were last moved past markers.
    passed: Instant,
    /// Transactions in a row that came to nothing.
    barren: u32,
}

impl<C, P, R> Worker<C, P, R>
where
    C: Consume,
    P: Produce<C::Group>,
    R: Route,
{
    /// Puts a worker together. Its first turns open the producer.
    pub fn new(
        consumer: C,
        producer: P,
        router: R,
        options: Options,
        metrics: Metrics,
        vitals: Arc<Vitals>,
        connection: Arc<Connection>,
    ) -> Self {
        Self {
            consumer,
            producer,
            router,
            options,
            metrics,
            vitals,
            connection,
            ledger: Ledger::default(),
            assignment: Assignment::default(),
            open: None,
            recovery: Some(Recovery::opening()),
            rivals: recovery::Rivals::default(),
            headers: HeaderList::default(),
            passed: Instant::now(),
            barren: 0,
        }
    }

    /// Turns until `stop`, then commits what is open. However it ends, it hands the consumer back to be closed.
    ///
    /// # Errors
    /// When going on is of no use; everything that was not committed will be read again by the next process.
    pub fn run(mut self, stop: &CancellationToken) -> (C, Result<(), WorkerError>) {
        let outcome = self.turn_until(stop);
        self.answer_the_group();
        (self.consumer, outcome)
    }

    fn turn_until(&mut self, stop: &CancellationToken) -> Result<(), WorkerError> {
        while !stop.is_cancelled() {
            self.turn()?;
        }
        self.close_transaction()?;
        // A commit that failed leaves a transaction behind that would hold readers up until its timeout.
        self.recover()
    }

    /// One turn: carry out what waits, take a burst of records, commit if it is time.
    fn turn(&mut self) -> Result<(), WorkerError> {
        self.vitals.turn();
        self.producer.serve();
        self.recover()?;
        self.settle_assignment()?;
        self.take_burst()?;
        self.pass_markers_if_due()?;
        if self.is_due() {
            self.close_transaction()?;
        }
        Ok(())
    }

    fn take_burst(&mut self) -> Result<(), WorkerError> {
        let mut wait = self.patience();
        for _ in 0..BURST {
            match self.take_one(wait) {
                Turn::Taken => {}
                Turn::Halt(halt) => self.halt(halt.partition, &halt.why),
                Turn::Failed(fault) => self.fall(fault)?,
                Turn::Rebalance(rebalance) => return self.rebalance(rebalance),
                Turn::Fault(fault) => return self.consume_fault(fault),
                Turn::Nothing => return Ok(()),
            }
            if self.is_due() {
                return Ok(());
            }
            wait = Duration::ZERO;
        }
        Ok(())
    }

    /// Polls once, and takes what came into the transaction while it still lies in the consumer's memory.
    fn take_one(&mut self, wait: Duration) -> Turn {
        let message = match self.consumer.poll(wait) {
            Polled::Message(message) => message,
            Polled::Rebalance(rebalance) => return Turn::Rebalance(rebalance),
            Polled::Fault(fault) => return Turn::Fault(fault),
            Polled::Nothing => return Turn::Nothing,
        };
        if self.recovery.is_some() {
            return Turn::Taken; // dropped unseen: every partition is rewound once the producer is back
        }
        let mut taking = Taking {
            producer: &mut self.producer,
            router: &mut self.router,
            ledger: &mut self.ledger,
            open: &mut self.open,
            headers: &mut self.headers,
            dead_letter_limit: self.options.dead_letter_limit,
        };
        match taking.take(&message.record()) {
            Ok(None) => Turn::Taken,
            Ok(Some(halt)) => Turn::Halt(halt),
            Err(fault) => Turn::Failed(fault),
        }
    }

    /// How long the next poll may wait: until the commit is due, or until a failed call is tried again.
    fn patience(&self) -> Duration {
        let due = match (&self.recovery, &self.open) {
            (Some(recovery), _) => recovery.next_try,
            (None, Some(open)) => open.since + self.options.commit_interval,
            (None, None) => return IDLE,
        };
        // Waits are whole milliseconds in the client library; anything less would be a busy loop.
        due.saturating_duration_since(Instant::now())
            .clamp(Duration::from_millis(1), IDLE)
    }
}

#[cfg(test)]
mod tests;
