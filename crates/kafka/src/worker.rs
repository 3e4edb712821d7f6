//! The detector's loop: consume, route, produce, and move the position, all in one Kafka transaction.
//!
//! One worker is one consumer and one transactional producer on one OS thread. It turns like this, and the order is the
//! guarantee:
//!
//! 1. **Poll.** The first record opens a transaction. Every record is routed in place, and what comes of it is sent.
//! 2. **Drain.** When the commit interval is over, the transaction is full, partitions are taken away or the process ends:
//!    wait until the brokers have acknowledged every record that was sent.
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

mod recovery;
mod transaction;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::connection::Connection;
use crate::consumer::{Committed, Consume, ConsumeFault, Polled, Position};
use crate::context::Rebalance;
use crate::fault::Fault;
use crate::headers::HeaderList;
use crate::ledger::{Ledger, Rewind};
use crate::metrics::Metrics;
use crate::range::out_of_range;
use crate::record::{Received as _, Record};
use crate::transaction::Produce;
use crate::vitals::Vitals;

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
    /// Another process uses the same transactional id.
    #[error(
        "fenced {times} times within a minute without a commit in between: another process uses the transactional id {id}; give every \
         instance its own DETECTOR_INSTANCE"
    )]
    Rival {
        /// The id that both use.
        id: String,
        /// How often this worker was fenced.
        times: usize,
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
    /// Partitions that the group assigned and whose position is not known yet.
    arriving: Option<Vec<i32>>,
    open: Option<Open>,
    recovery: Option<Recovery>,
    rivals: recovery::Rivals,
    headers: HeaderList,
    topic_id: String,
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
            arriving: None,
            open: None,
            recovery: Some(Recovery::opening()),
            rivals: recovery::Rivals::default(),
            headers: HeaderList::default(),
            topic_id: String::new(),
        }
    }

    /// Turns until `stop`, then commits what is open and hands the consumer back to be closed.
    ///
    /// # Errors
    /// When going on is of no use; everything that was not committed will be read again by the next process.
    pub fn run(mut self, stop: &CancellationToken) -> Result<C, WorkerError> {
        while !stop.is_cancelled() {
            self.turn()?;
        }
        self.close_transaction()?;
        // A commit that failed leaves a transaction behind that would hold readers up until its timeout.
        self.recover()?;
        Ok(self.consumer)
    }

    /// One turn: carry out what waits, take a burst of records, commit if it is time.
    fn turn(&mut self) -> Result<(), WorkerError> {
        self.vitals.turn();
        if self.recovery.is_some() {
            self.recover()?;
        } else {
            self.place_arriving()?;
            self.finish_rewinds()?;
        }
        self.take_burst()?;
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

    fn rebalance(&mut self, rebalance: Rebalance) -> Result<(), WorkerError> {
        self.metrics.rebalanced(&rebalance);
        match rebalance {
            Rebalance::Assigned(partitions) => {
                info!(
                    topic = self.options.topic,
                    ?partitions,
                    "partitions assigned"
                );
                self.arriving = Some(partitions);
                if self.recovery.is_none() {
                    self.place_arriving()?;
                }
            }
            Rebalance::Revoked { partitions, lost } => {
                if lost {
                    warn!(
                        topic = self.options.topic,
                        ?partitions,
                        "partitions lost: the group threw this member out"
                    );
                    self.vitals.left();
                    self.abandon_transaction()?;
                } else {
                    info!(
                        topic = self.options.topic,
                        ?partitions,
                        "partitions revoked"
                    );
                    self.close_transaction()?;
                }
                self.arriving = None;
                for partition in &partitions {
                    self.ledger.remove(*partition);
                    self.vitals.released(*partition);
                    self.metrics.halted(&self.options.topic, *partition, false);
                }
                if let Err(fault) = self.consumer.unassign(&partitions) {
                    self.consume_fault(fault)?;
                }
                if !lost {
                    self.vitals.joined(self.ledger.partitions().len());
                }
            }
        }
        Ok(())
    }

    /// Asks for the positions of assigned partitions and starts reading there. Tried again at the next turn if the coordinator
    /// does not answer: the group waits meanwhile.
    fn place_arriving(&mut self) -> Result<(), WorkerError> {
        let Some(partitions) = self.arriving.take() else {
            return Ok(());
        };
        let positions = match self.positions_of(&partitions) {
            Ok(positions) => positions,
            Err(fault) => {
                self.arriving = Some(partitions);
                return self.consume_fault(fault);
            }
        };
        if let Err(fault) = self.consumer.assign(&positions) {
            return self.consume_fault(fault);
        }
        for (partition, position) in &positions {
            self.ledger.add(*partition, *position);
        }
        self.vitals.joined(self.ledger.partitions().len());
        self.vitals.recovered();
        self.connection.heard_from();
        Ok(())
    }

    /// The positions that the coordinator has stored for these partitions of the topic as it is now.
    fn positions_of(&mut self, partitions: &[i32]) -> Result<Vec<(i32, Position)>, ConsumeFault> {
        if partitions.is_empty() {
            return Ok(Vec::new());
        }
        self.vitals.wait(ASK * 2);
        self.topic_id = self.consumer.topic_id(ASK)?;
        self.router.reading(&self.topic_id);
        let committed = self.consumer.committed(partitions, ASK)?;
        Ok(committed
            .into_iter()
            .map(|committed| (committed.partition, self.position(&committed)))
            .collect())
    }

    /// A position counts only for the topic that it was committed for: one that was made anew is read from its beginning.
    fn position(&self, committed: &Committed) -> Position {
        match committed.offset {
            None => Position::Beginning,
            Some(offset)
                if committed.metadata.is_empty() || committed.metadata == self.topic_id =>
            {
                Position::At(offset)
            }
            Some(offset) => {
                warn!(
                    topic = self.options.topic,
                    partition = committed.partition,
                    offset,
                    earlier_id = committed.metadata,
                    id = self.topic_id,
                    "the stored position belongs to an earlier topic of this name; reading the new one from its beginning"
                );
                Position::Beginning
            }
        }
    }

    /// Brings partitions back to where their records count again.
    fn finish_rewinds(&mut self) -> Result<(), WorkerError> {
        let ask: Vec<i32> = self
            .ledger
            .iter()
            .filter(|(_, entry)| entry.rewind == Rewind::Ask)
            .map(|(partition, _)| partition)
            .collect();
        if !ask.is_empty() {
            match self.positions_of(&ask) {
                Ok(positions) => {
                    for (partition, position) in positions {
                        if let Some(entry) = self.ledger.get_mut(partition) {
                            entry.start = position;
                            entry.rewind = Rewind::ToStart;
                        }
                    }
                }
                Err(fault) => return self.consume_fault(fault),
            }
        }
        let back: Vec<(i32, Position)> = self
            .ledger
            .iter()
            .filter(|(_, entry)| entry.rewind == Rewind::ToStart)
            .map(|(partition, entry)| (partition, entry.start))
            .collect();
        if back.is_empty() {
            return Ok(());
        }
        let partitions: Vec<i32> = back.iter().map(|(partition, _)| *partition).collect();
        // First resumed, then sought: a seek takes back what resuming may have fetched, the other way round it would not.
        self.consumer.resume(&partitions);
        if let Err(fault) = self.consumer.seek(&back, ASK) {
            return self.consume_fault(fault);
        }
        for partition in partitions {
            if let Some(entry) = self.ledger.get_mut(partition) {
                entry.rewind = Rewind::No;
                if entry.halted {
                    self.consumer.pause(&[partition]);
                }
            }
        }
        self.vitals.recovered();
        Ok(())
    }

    fn consume_fault(&mut self, fault: ConsumeFault) -> Result<(), WorkerError> {
        match fault {
            ConsumeFault::Fatal(why) => return Err(WorkerError::Consumer(why)),
            ConsumeFault::OutOfRange => self.find_out_of_range(),
            ConsumeFault::NoTopic(why) => {
                self.trouble(format!("topic {} is not there: {why}", self.options.topic))
            }
            ConsumeFault::Passing(why) => self.trouble(why),
        }
        Ok(())
    }

    /// The report of a position outside of its log names no partition: every one is looked at.
    fn find_out_of_range(&mut self) {
        let positions: Vec<(i32, i64)> = self
            .ledger
            .iter()
            .filter(|(_, entry)| !entry.halted)
            .filter_map(|(partition, entry)| match (entry.next, entry.start) {
                (Some(next), _) | (None, Position::At(next)) => Some((partition, next)),
                (None, Position::Beginning) => None,
            })
            .collect();
        match out_of_range(&self.consumer, &self.options.topic, positions, ASK) {
            Ok(found) => found
                .iter()
                .for_each(|(partition, why)| self.halt(*partition, why)),
            Err(fault) => self.trouble(fault.to_string()),
        }
    }

    /// Consuming does not go on for now. Said once, however often it is tried.
    fn trouble(&self, why: String) {
        if self.vitals.troubled(why.clone()) {
            warn!(
                topic = self.options.topic,
                why, "consuming does not go on; will be tried again"
            );
        }
    }

    fn halt(&mut self, partition: i32, why: &str) {
        error!(topic = self.options.topic, partition, "{why}");
        if let Some(entry) = self.ledger.get_mut(partition) {
            entry.halted = true;
        }
        self.consumer.pause(&[partition]);
        self.metrics.halted(&self.options.topic, partition, true);
        self.vitals.halted(partition, why);
    }
}
