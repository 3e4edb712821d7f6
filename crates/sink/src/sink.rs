//! The loop: poll, collect, store. The crate's first page says in which order and why.

mod assignment;
mod markers;
#[cfg(test)]
mod model;
mod settle;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use kafka::{Consume, ConsumeFault, Polled, Rebalance, Received as _};
use store::{Batch, Database, StoreError};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::buffer::Buffer;
use crate::config::Options;
use crate::desk::Desk;
use crate::metrics::Metrics;
use crate::partition::{Held, Stage};
use crate::row::{Rows, Shelf};
use crate::watch::Watch;

/// How long a poll waits when nothing is due.
const IDLE: Duration = Duration::from_millis(100);
/// How long a poll waits while a batch is on its way: its end is noticed after the poll.
const WHILE_STORING: Duration = Duration::from_millis(5);
/// How long one question to the brokers may take before the loop turns again.
const ASK: Duration = Duration::from_secs(2);
/// A batch that takes longer than this makes the sink pause its partitions and poll on.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long the rest may take to be stored when the process ends.
const DRAIN: Duration = Duration::from_secs(10);
/// How often positions are told to Kafka.
const TELL: Duration = Duration::from_secs(1);
/// How long the loop may poll on without looking around.
const BURST: usize = 1_000;

/// Why a sink ended before it was told to.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// The consumer is of no use any more.
    #[error("the consumer gave up: {0}")]
    Consumer(String),
    /// The database refuses what no repeating can mend.
    #[error(transparent)]
    Database(#[from] StoreError),
    /// A call to the database panicked. It would be waited for without end.
    #[error("a call to the database panicked")]
    Panicked,
}

/// Who a sink is, and what it stores.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    /// Whose positions are stored: one name for one table, whatever the consumer group is called.
    pub sink: String,
    /// This process.
    pub owner: String,
    /// The topic that is read.
    pub topic: String,
    /// The Kafka cluster, noted beside the positions.
    pub cluster_id: String,
}

/// One consumer and one database.
pub struct Sink<C, D, S> {
    consumer: C,
    desk: Desk<D>,
    shelf: S,
    identity: Identity,
    options: Options,
    metrics: Metrics,
    kafka_metrics: kafka::Metrics,
    watch: Watch,
    rows: Rows,
    held: BTreeMap<i32, Held>,
    generation: u64,
    topic: assignment::TopicNow,
    buffer: Buffer,
    /// When the batch that is on its way was sent.
    storing: Option<Instant>,
    /// Partitions of a batch that held an unacceptable row: they are stored one at a time until it is found.
    suspects: BTreeSet<i32>,
    /// Everything is paused because there is no room: the database is slow or away, or nobody vouches for the topic.
    waiting: bool,
    untold: BTreeMap<i32, i64>,
    told: Instant,
    /// When positions were last moved past markers.
    passed: Instant,
}

/// What one poll led to.
enum Turn {
    Taken,
    Rebalance(Rebalance),
    Fault(ConsumeFault),
    Nothing,
}

impl<C: Consume, D: Database, S: Shelf> Sink<C, D, S> {
    pub(crate) fn new(
        consumer: C,
        desk: Desk<D>,
        shelf: S,
        identity: Identity,
        options: Options,
        (metrics, kafka_metrics): (Metrics, kafka::Metrics),
        watch: Watch,
    ) -> Self {
        Self {
            consumer,
            desk,
            shelf,
            identity,
            options,
            metrics,
            kafka_metrics,
            watch,
            rows: Rows::new(),
            held: BTreeMap::new(),
            generation: 0,
            topic: assignment::TopicNow::default(),
            buffer: Buffer::default(),
            storing: None,
            suspects: BTreeSet::new(),
            waiting: false,
            untold: BTreeMap::new(),
            told: Instant::now(),
            passed: Instant::now(),
        }
    }

    /// Turns until `stop` and then stores what was collected, or until going on is of no use. Either way hands the consumer back
    /// to be closed; what was not stored is read again by the next process.
    pub fn run(mut self, stop: &CancellationToken) -> (C, Result<(), SinkError>) {
        let outcome = self.turn_until(stop);
        (self.consumer, outcome)
    }

    fn turn_until(&mut self, stop: &CancellationToken) -> Result<(), SinkError> {
        while !stop.is_cancelled() {
            self.turn()?;
        }
        self.drain()
    }

    fn turn(&mut self) -> Result<(), SinkError> {
        self.watch.vitals.turn();
        while let Some(done) = self.desk.done() {
            self.settle(done)?;
        }
        self.settle_assignment()?;
        self.pass_markers_if_due();
        self.store_if_due(false)?;
        self.tell_if_due();
        if self.buffer.is_full(self.options.batch_records) {
            self.wait()
        } else {
            self.collect()
        }
    }

    /// There is no room for more: waits for the batch that is on its way, or may not go yet, in the group all the same.
    fn wait(&mut self) -> Result<(), SinkError> {
        if self.storing.is_some_and(|since| since.elapsed() < PATIENCE) {
            return match self.desk.wait(Duration::from_millis(20)) {
                Some(done) => self.settle(done),
                None => Ok(()),
            };
        }
        if !self.waiting {
            self.waiting = true;
            self.consumer.pause(&self.partitions());
        }
        let turn = self.take_one(IDLE);
        self.after(turn)
    }

    fn collect(&mut self) -> Result<(), SinkError> {
        if self.waiting {
            self.waiting = false;
            self.held.values_mut().for_each(Held::interrupt);
            return self.seek();
        }
        let mut wait = self.patience();
        for _ in 0..BURST {
            match self.take_one(wait) {
                Turn::Taken => {}
                Turn::Nothing => return Ok(()),
                other => return self.after(other),
            }
            if self.buffer.is_full(self.options.batch_records) {
                return Ok(());
            }
            wait = Duration::ZERO;
        }
        Ok(())
    }

    fn patience(&self) -> Duration {
        match (self.storing, self.buffer.since()) {
            (Some(_), _) => WHILE_STORING,
            (None, Some(since)) => (since + self.options.batch_interval)
                .saturating_duration_since(Instant::now())
                .clamp(Duration::from_millis(1), IDLE),
            // A claim's answer is noticed after the poll too.
            (None, None) if self.held.values().any(|held| held.stage == Stage::Claiming) => {
                WHILE_STORING
            }
            (None, None) => IDLE,
        }
    }

    /// Polls once. A record becomes a row while it still lies in the consumer's memory.
    fn take_one(&mut self, wait: Duration) -> Turn {
        let message = match self.consumer.poll(wait) {
            Polled::Message(message) => message,
            Polled::Rebalance(rebalance) => return Turn::Rebalance(rebalance),
            Polled::Fault(fault) => return Turn::Fault(fault),
            Polled::Nothing => return Turn::Nothing,
        };
        let record = message.record();
        let Some(owned) = self.held.get_mut(&record.partition).and_then(Held::reading) else {
            return Turn::Taken; // dropped unseen: reading has not been moved to the stored position yet
        };
        if owned.takes(record.offset) {
            let (topic_id, now_ms) = (&owned.partition.topic_id, (self.options.now_ms)());
            let row = self.rows.read(&record, topic_id, &mut self.shelf, now_ms);
            self.buffer.push(record.partition, record.offset, row);
            owned.next = Some(record.offset + 1);
        }
        Turn::Taken
    }

    fn after(&mut self, turn: Turn) -> Result<(), SinkError> {
        match turn {
            Turn::Taken | Turn::Nothing => Ok(()),
            Turn::Rebalance(rebalance) => self.rebalance(rebalance),
            Turn::Fault(fault) => self.consume_fault(fault),
        }
    }

    fn store_if_due(&mut self, now: bool) -> Result<(), SinkError> {
        let Some(since) = self.buffer.since() else {
            return Ok(());
        };
        let due = now
            || self.buffer.is_full(self.options.batch_records)
            || since.elapsed() >= self.options.batch_interval;
        // One answer vouches for everything that was read before it: an earlier topic's id never comes back.
        if self.storing.is_some() || !due || !self.is_same_topic()? {
            return Ok(());
        }
        let empty = Batch {
            sink: self.identity.sink.clone(),
            cluster_id: self.identity.cluster_id.clone(),
            advances: Vec::new(),
            table: S::TABLE,
            payments: Vec::new(),
            alerts: Vec::new(),
            dead_letters: Vec::new(),
        };
        let owned = |number: i32| self.held.get(&number)?.owned();
        if let Some(batch) = self.buffer.take(empty, &self.suspects, owned) {
            self.storing = Some(Instant::now());
            self.desk.store(batch);
        }
        Ok(())
    }

    /// Tells Kafka the positions now and then, for lag tools.
    fn tell_if_due(&mut self) {
        if !self.untold.is_empty() && self.told.elapsed() >= TELL {
            let next: Vec<(i32, i64)> = std::mem::take(&mut self.untold).into_iter().collect();
            self.consumer
                .commit(&next, self.topic.id.as_deref().unwrap_or_default());
            self.told = Instant::now();
        }
    }

    /// Stores what was collected, for a while.
    fn drain(&mut self) -> Result<(), SinkError> {
        let deadline = Instant::now() + DRAIN;
        self.pass_markers();
        loop {
            self.store_if_due(true)?;
            if self.storing.is_none() || Instant::now() >= deadline {
                break;
            }
            if let Some(done) = self.desk.wait(IDLE) {
                self.settle(done)?;
            }
        }
        if self.storing.is_some() {
            warn!(
                topic = self.identity.topic,
                "the database did not take the last batch in time; its records are read again"
            );
        }
        self.told = Instant::now().checked_sub(TELL).unwrap_or(self.told);
        self.tell_if_due();
        Ok(())
    }
}
