//! The loop: poll, collect, store. The crate's first page says in which order and why.

#[cfg(test)]
mod model;
mod settle;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use kafka::{Consume, ConsumeFault, Polled, Position, Rebalance, Received as _, out_of_range};
use store::{Database, Partition, StoreError};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::buffer::{Buffer, Owner};
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
    topic_id: Option<String>,
    buffer: Buffer,
    /// When the batch that is on its way was sent.
    storing: Option<Instant>,
    /// Partitions of a batch that held an unacceptable row: they are stored one at a time until it is found.
    suspects: BTreeSet<i32>,
    /// Everything is paused because the database is slow or away.
    waiting: bool,
    untold: BTreeMap<i32, i64>,
    told: Instant,
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
            topic_id: None,
            buffer: Buffer::default(),
            storing: None,
            suspects: BTreeSet::new(),
            waiting: false,
            untold: BTreeMap::new(),
            told: Instant::now(),
        }
    }

    /// Turns until `stop`, then stores what was collected and hands the consumer back to be closed.
    ///
    /// # Errors
    /// When going on is of no use; what was not stored is read again by the next process.
    pub fn run(mut self, stop: &CancellationToken) -> Result<C, SinkError> {
        while !stop.is_cancelled() {
            self.turn()?;
        }
        self.drain()?;
        Ok(self.consumer)
    }

    fn turn(&mut self) -> Result<(), SinkError> {
        self.watch.vitals.turn();
        while let Some(done) = self.desk.done() {
            self.settle(done)?;
        }
        self.claim()?;
        self.seek()?;
        self.store_if_due(false);
        self.tell_if_due();
        if self.buffer.is_full(self.options.batch_records) && self.storing.is_some() {
            self.wait()
        } else {
            self.collect()
        }
    }

    /// There is no room for more: waits for the batch that is on its way, in the group all the same.
    fn wait(&mut self) -> Result<(), SinkError> {
        if self.storing.is_none_or(|since| since.elapsed() < PATIENCE) {
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
        let (Some(topic_id), Some(owned)) = (
            &self.topic_id,
            self.held.get_mut(&record.partition).and_then(Held::reading),
        ) else {
            return Turn::Taken; // dropped unseen: reading has not been moved to the stored position yet
        };
        if owned.takes(record.offset) {
            let row = self
                .rows
                .read(&record, topic_id, &mut self.shelf, (self.options.now_ms)());
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

    fn rebalance(&mut self, rebalance: Rebalance) -> Result<(), SinkError> {
        self.kafka_metrics.rebalanced(&rebalance);
        match rebalance {
            Rebalance::Assigned(partitions) => {
                info!(
                    topic = self.identity.topic,
                    ?partitions,
                    "partitions assigned"
                );
                // Asked for again: the topic may have been made anew since.
                self.topic_id = None;
                let beginnings: Vec<(i32, Position)> = partitions
                    .iter()
                    .map(|partition| (*partition, Position::Beginning))
                    .collect();
                if let Err(fault) = self.consumer.assign(&beginnings) {
                    self.consume_fault(fault)?;
                }
                self.consumer.pause(&partitions);
                for partition in partitions {
                    self.generation += 1;
                    self.held.insert(partition, Held::new(self.generation));
                }
                self.watch.vitals.joined(self.held.len());
            }
            Rebalance::Revoked { partitions, lost } => {
                if lost {
                    warn!(
                        topic = self.identity.topic,
                        ?partitions,
                        "partitions lost: the group threw this member out"
                    );
                } else {
                    info!(
                        topic = self.identity.topic,
                        ?partitions,
                        "partitions revoked"
                    );
                }
                for partition in &partitions {
                    self.held.remove(partition);
                    self.buffer.drop_partition(*partition);
                    self.suspects.remove(partition);
                    self.untold.remove(partition);
                    self.watch.vitals.released(*partition);
                    self.kafka_metrics
                        .halted(&self.identity.topic, *partition, false);
                }
                if let Err(fault) = self.consumer.unassign(&partitions) {
                    self.consume_fault(fault)?;
                }
                if lost {
                    self.watch.vitals.left()
                } else {
                    self.watch.vitals.joined(self.held.len())
                }
            }
        }
        Ok(())
    }

    /// Sends for the claims that are due.
    fn claim(&mut self) -> Result<(), SinkError> {
        let now = Instant::now();
        let due: Vec<i32> = self
            .held
            .iter()
            .filter_map(|(partition, held)| {
                matches!(held.stage, Stage::Unclaimed(at) if at <= now).then_some(*partition)
            })
            .collect();
        if due.is_empty() {
            return Ok(());
        }
        if self.topic_id.is_none() {
            self.watch.vitals.wait(ASK);
            match self.consumer.topic_id(ASK) {
                Ok(topic_id) => {
                    // An old cluster has no ids for topics; its own id tells as much as can be told.
                    self.topic_id = Some(if topic_id.is_empty() {
                        self.identity.cluster_id.clone()
                    } else {
                        topic_id
                    });
                }
                Err(fault) => {
                    for partition in due {
                        if let Some(held) = self.held.get_mut(&partition) {
                            held.let_go();
                        }
                    }
                    return self.consume_fault(fault);
                }
            }
        }
        for number in due {
            let (Some(partition), Some(held)) =
                (self.partition(number), self.held.get_mut(&number))
            else {
                continue;
            };
            held.stage = Stage::Claiming;
            self.desk.claim(
                &self.identity.sink,
                partition,
                held.generation,
                &self.identity.owner,
            );
        }
        Ok(())
    }

    /// Moves reading to the stored positions.
    fn seek(&mut self) -> Result<(), SinkError> {
        let back: Vec<(i32, Position)> = self
            .held
            .iter()
            .filter_map(|(partition, held)| match held.stage {
                Stage::Seeking(owned) => Some((*partition, owned.start())),
                Stage::Unclaimed(_) | Stage::Claiming | Stage::Reading(_) | Stage::Halted => None,
            })
            .collect();
        if back.is_empty() {
            return Ok(());
        }
        let partitions: Vec<i32> = back.iter().map(|(partition, _)| *partition).collect();
        // First resumed, then sought: a seek takes back what resuming may have fetched, the other way round it would not.
        self.consumer.resume(&partitions);
        self.watch.vitals.wait(ASK);
        if let Err(fault) = self.consumer.seek(&back, ASK) {
            return self.consume_fault(fault);
        }
        for partition in partitions {
            if let Some(held) = self.held.get_mut(&partition)
                && let Stage::Seeking(owned) = held.stage
            {
                held.stage = Stage::Reading(owned);
            }
        }
        self.watch.vitals.recovered();
        self.watch.connection.heard_from();
        Ok(())
    }

    fn store_if_due(&mut self, now: bool) {
        let due = now
            || self.buffer.is_full(self.options.batch_records)
            || self
                .buffer
                .since()
                .is_some_and(|since| since.elapsed() >= self.options.batch_interval);
        if self.storing.is_some() || !due {
            return;
        }
        let (held, topic, topic_id) = (&mut self.held, &self.identity.topic, &self.topic_id);
        let mut owners = BTreeMap::new();
        for (number, held) in held.iter_mut() {
            if let (Some(owned), Some(topic_id)) = (held.reading(), topic_id) {
                let partition = Partition {
                    topic: topic.as_str().into(),
                    topic_id: topic_id.as_str().into(),
                    partition: *number,
                };
                owners.insert(
                    *number,
                    Owner {
                        partition,
                        epoch: owned.epoch,
                        stored: owned.stored,
                    },
                );
            }
        }
        let owners = std::cell::RefCell::new(owners);
        let owner = |number: i32| owners.borrow_mut().remove(&number);
        let alone = !self.suspects.is_empty();
        if let Some(batch) = self.buffer.take(
            alone,
            S::TABLE,
            &self.identity.sink,
            &self.identity.cluster_id,
            owner,
        ) {
            self.storing = Some(Instant::now());
            self.desk.store(batch);
        }
    }

    /// Tells Kafka the positions now and then, for lag tools.
    fn tell_if_due(&mut self) {
        if !self.untold.is_empty() && self.told.elapsed() >= TELL {
            let next: Vec<(i32, i64)> = std::mem::take(&mut self.untold).into_iter().collect();
            self.consumer
                .commit(&next, self.topic_id.as_deref().unwrap_or_default());
            self.told = Instant::now();
        }
    }

    /// Stores what was collected, for a while.
    fn drain(&mut self) -> Result<(), SinkError> {
        let deadline = Instant::now() + DRAIN;
        loop {
            self.store_if_due(true);
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
        self.desk.give_up();
        self.told = Instant::now().checked_sub(TELL).unwrap_or(self.told);
        self.tell_if_due();
        Ok(())
    }

    fn consume_fault(&mut self, fault: ConsumeFault) -> Result<(), SinkError> {
        match fault {
            ConsumeFault::Fatal(why) => return Err(SinkError::Consumer(why)),
            ConsumeFault::OutOfRange => {
                let positions: Vec<(i32, i64)> = self
                    .held
                    .iter_mut()
                    .filter_map(|(partition, held)| {
                        Some((
                            *partition,
                            held.reading()
                                .and_then(|owned| owned.next.or(owned.stored))?,
                        ))
                    })
                    .collect();
                match out_of_range(&self.consumer, &self.identity.topic, positions, ASK) {
                    Ok(found) => found
                        .into_iter()
                        .for_each(|(partition, why)| self.halt(partition, &why)),
                    Err(fault) => self.trouble(fault.to_string()),
                }
            }
            ConsumeFault::NoTopic(why) => {
                self.trouble(format!("topic {} is not there: {why}", self.identity.topic))
            }
            ConsumeFault::Passing(why) => self.trouble(why),
        }
        Ok(())
    }

    /// Consuming does not go on for now. Said once, however often it is tried.
    fn trouble(&self, why: String) {
        if self.watch.vitals.troubled(why.clone()) {
            warn!(
                topic = self.identity.topic,
                why, "consuming does not go on; will be tried again"
            );
        }
    }

    fn halt(&mut self, partition: i32, why: &str) {
        error!(topic = self.identity.topic, partition, "{why}");
        if let Some(held) = self.held.get_mut(&partition) {
            held.stage = Stage::Halted;
        }
        self.buffer.drop_partition(partition);
        self.suspects.remove(&partition);
        self.consumer.pause(&[partition]);
        self.kafka_metrics
            .halted(&self.identity.topic, partition, true);
        self.watch.vitals.halted(partition, why);
    }

    fn partition(&self, number: i32) -> Option<Partition> {
        let topic_id = self.topic_id.as_deref()?;
        Some(Partition {
            topic: self.identity.topic.as_str().into(),
            topic_id: topic_id.into(),
            partition: number,
        })
    }

    fn partitions(&self) -> Vec<i32> {
        self.held.keys().copied().collect()
    }
}
