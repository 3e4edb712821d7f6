//! Which partitions are ours, and what has to happen before their records count.

use std::time::Duration;

use kafka::{Consume, ConsumeFault, Position, Rebalance, out_of_range, resolved};
use store::{Database, Partition};
use tokio::time::Instant;
use tracing::{error, info, warn};

use crate::partition::{Held, Stage};
use crate::row::Shelf;
use crate::sink::{ASK, Sink, SinkError};

/// A sink that stores nothing looks this often whether the topic is still the one that it reads.
const TOPIC_CHECK: Duration = Duration::from_secs(5);
/// A partition that was just assigned takes no seek for a moment; one that takes none for so long never will again.
const STOPPED: Duration = Duration::from_secs(10);

/// What is known of the topic, and what the group waits for.
#[derive(Debug, Default)]
pub(super) struct TopicNow {
    /// Its id; `None` before it was asked.
    pub id: Option<String>,
    /// When the cluster was asked last.
    asked: Option<Instant>,
    /// A position lies outside of its log, and nobody knows yet which: the report names no partition.
    astray: bool,
    /// Since when a partition takes no seek.
    stopped: Option<Instant>,
    /// Partitions that the group assigned and that are not taken yet.
    arriving: Option<Vec<i32>>,
    /// Partitions that the group took and that are not given back yet.
    leaving: Option<Vec<i32>>,
}

impl<C: Consume, D: Database, S: Shelf> Sink<C, D, S> {
    /// What has to be done before the next poll, in this order.
    pub(super) fn settle_assignment(&mut self) -> Result<(), SinkError> {
        self.answer_the_group()?;
        self.check_topic_if_due()?;
        self.claim()?;
        self.find_astray()?;
        self.seek()
    }

    pub(super) fn rebalance(&mut self, rebalance: Rebalance) -> Result<(), SinkError> {
        self.kafka_metrics
            .rebalanced(&self.identity.topic, &rebalance);
        match rebalance {
            Rebalance::Assigned(partitions) => {
                info!(
                    topic = self.identity.topic,
                    ?partitions,
                    "partitions assigned"
                );
                self.topic.arriving = Some(partitions);
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
                    self.forget(*partition);
                }
                if lost {
                    self.watch.vitals.left()
                } else {
                    self.watch.vitals.joined(self.held.len())
                }
                self.topic.leaving = Some(partitions);
            }
        }
        self.answer_the_group()
    }

    /// Gives back what the group took, and takes what it gave: paused, and at the beginning, until it is claimed. The group waits
    /// for this answer, so one that did not get through is given again at the next turn.
    pub(super) fn answer_the_group(&mut self) -> Result<(), SinkError> {
        if let Some(partitions) = self.topic.leaving.take()
            && let Err(fault) = self.consumer.unassign(&partitions)
        {
            self.topic.leaving = Some(partitions);
            return self.consume_fault(fault);
        }
        let Some(partitions) = self.topic.arriving.take() else {
            return Ok(());
        };
        let beginnings: Vec<(i32, Position)> = partitions
            .iter()
            .map(|partition| (*partition, Position::Beginning))
            .collect();
        if let Err(fault) = self.consumer.assign(&beginnings) {
            self.topic.arriving = Some(partitions);
            return self.consume_fault(fault);
        }
        self.consumer.pause(&partitions);
        for partition in partitions {
            self.generation += 1;
            self.held.insert(partition, Held::new(self.generation));
        }
        self.watch.vitals.joined(self.held.len());
        self.watch.vitals.recovered();
        Ok(())
    }

    /// Asks the cluster whether the topic is still the one that is read. If it is another one of the same name, nothing that was
    /// read of the old one counts: the client goes on at the old offset without a word. So every partition is claimed anew, under
    /// the new id. False also when nobody answers.
    pub(super) fn is_same_topic(&mut self) -> Result<bool, SinkError> {
        self.topic.asked = Some(Instant::now());
        self.watch.vitals.wait(ASK);
        let id = match self.consumer.topic_id(ASK) {
            // An old cluster has no ids for topics; its own id tells as much as can be told.
            Ok(id) if id.is_empty() => self.identity.cluster_id.clone(),
            Ok(id) => id,
            Err(fault) => {
                self.consume_fault(fault)?;
                return Ok(false);
            }
        };
        self.watch.connection.heard_from();
        let earlier = self.topic.id.replace(id.clone());
        if earlier.as_ref().is_none_or(|earlier| *earlier == id) {
            return Ok(true);
        }
        warn!(
            topic = self.identity.topic,
            earlier_id = earlier,
            id,
            "the topic was made anew; nothing that was read of the earlier one and not stored counts"
        );
        let partitions = self.partitions();
        self.consumer.pause(&partitions);
        for partition in partitions {
            self.forget(partition);
            // Claims that are on their way are for the earlier topic.
            self.generation += 1;
            self.held.insert(partition, Held::new(self.generation));
        }
        Ok(false)
    }

    fn check_topic_if_due(&mut self) -> Result<(), SinkError> {
        let due = self
            .topic
            .asked
            .is_none_or(|asked| asked.elapsed() >= TOPIC_CHECK);
        if due && !self.held.is_empty() && self.is_same_topic()? && self.is_reading() {
            self.watch.vitals.recovered();
        }
        Ok(())
    }

    /// Sends for the claims that are due.
    fn claim(&mut self) -> Result<(), SinkError> {
        let now = Instant::now();
        let is_due = |held: &Held| matches!(held.stage, Stage::Unclaimed(at) if at <= now);
        if !self.held.values().any(is_due) {
            return Ok(());
        }
        let asked = self.is_same_topic()?;
        let due: Vec<i32> = self
            .held
            .iter()
            .filter(|(_, held)| is_due(held))
            .map(|(partition, _)| *partition)
            .collect();
        for number in due {
            let partition = self.partition(number);
            let Some(held) = self.held.get_mut(&number) else {
                continue;
            };
            match partition {
                Some(partition) if asked => {
                    held.stage = Stage::Claiming;
                    self.desk.claim(
                        &self.identity.sink,
                        partition,
                        held.generation,
                        &self.identity.owner,
                    );
                }
                _ => held.let_go(),
            }
        }
        Ok(())
    }

    /// Moves reading to the stored positions.
    pub(super) fn seek(&mut self) -> Result<(), SinkError> {
        // While there is no room for more, nothing is resumed.
        if self.waiting {
            return Ok(());
        }
        let back: Vec<(i32, Position)> = self
            .held
            .iter()
            .filter_map(|(partition, held)| match &held.stage {
                Stage::Seeking(owned) => Some((*partition, owned.start())),
                Stage::Unclaimed(_) | Stage::Claiming | Stage::Reading(_) | Stage::Halted => None,
            })
            .collect();
        if back.is_empty() {
            return Ok(());
        }
        let partitions: Vec<i32> = back.iter().map(|(partition, _)| *partition).collect();
        self.watch.vitals.wait(ASK * 2);
        let sought = resolved(&self.consumer, back, ASK).and_then(|back| {
            // First resumed, then sought: a seek takes back what resuming may have fetched, the other way round it would not.
            self.consumer.resume(&partitions);
            self.consumer.seek(&back, ASK)
        });
        if let Err(fault) = sought {
            return self.consume_fault(fault);
        }
        self.topic.stopped = None;
        for partition in partitions {
            if let Some(held) = self.held.get_mut(&partition) {
                held.sought();
            }
        }
        self.watch.vitals.recovered();
        self.watch.connection.heard_from();
        Ok(())
    }

    pub(super) fn consume_fault(&mut self, fault: ConsumeFault) -> Result<(), SinkError> {
        match fault {
            ConsumeFault::Fatal(why) => return Err(SinkError::Consumer(why)),
            ConsumeFault::OutOfRange => self.topic.astray = true,
            ConsumeFault::NoTopic(why) => {
                self.trouble(format!("topic {} is not there: {why}", self.identity.topic));
            }
            ConsumeFault::Stopped(why) => {
                let since = *self.topic.stopped.get_or_insert_with(Instant::now);
                if since.elapsed() > STOPPED {
                    return Err(SinkError::Consumer(format!(
                        "{why}; a new start will place every partition anew"
                    )));
                }
                self.trouble(why);
            }
            ConsumeFault::Passing(why) => self.trouble(why),
        }
        Ok(())
    }

    /// Looks which positions lie outside of their log, and halts those partitions. The client stopped to read the one that it
    /// reported: the others are sought once more, and if none is outside by now, that shows which it was.
    fn find_astray(&mut self) -> Result<(), SinkError> {
        if !self.topic.astray || !self.is_same_topic()? {
            return Ok(());
        }
        let positions: Vec<(i32, i64)> = self
            .held
            .iter()
            .filter_map(|(partition, held)| {
                Some((
                    *partition,
                    held.owned().and_then(|owned| owned.next.or(owned.stored))?,
                ))
            })
            .collect();
        match out_of_range(&self.consumer, &self.identity.topic, positions, ASK) {
            Ok(found) => {
                self.topic.astray = false;
                found
                    .into_iter()
                    .for_each(|(partition, why)| self.halt(partition, &why));
                self.held.values_mut().for_each(Held::interrupt);
                Ok(())
            }
            Err(fault) => self.consume_fault(fault),
        }
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

    pub(super) fn halt(&mut self, partition: i32, why: &str) {
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

    /// Nothing that is known of this partition counts any more.
    fn forget(&mut self, partition: i32) {
        self.buffer.drop_partition(partition);
        self.suspects.remove(&partition);
        self.untold.remove(&partition);
        self.watch.vitals.released(partition);
        self.kafka_metrics
            .halted(&self.identity.topic, partition, false);
    }

    /// Whether every partition is read that does not stand still.
    fn is_reading(&self) -> bool {
        self.held
            .values()
            .all(|held| matches!(held.stage, Stage::Reading(_) | Stage::Halted))
    }

    /// The log that a partition of ours is, once the topic's id is known.
    pub(super) fn partition(&self, number: i32) -> Option<Partition> {
        let topic_id = self.topic.id.as_deref()?;
        Some(Partition {
            topic: self.identity.topic.as_str().into(),
            topic_id: topic_id.into(),
            partition: number,
        })
    }

    pub(super) fn partitions(&self) -> Vec<i32> {
        self.held.keys().copied().collect()
    }
}
