//! Which partitions are ours, and where reading goes on in each.
//!
//! The group decides, and waits for an answer: what comes is placed at its stored position, what goes is given back. An answer that
//! did not get through is given again at the next turn, or the group would wait for ever.

mod standstill;
mod topic;

use std::time::Instant;

use tracing::{info, warn};

use crate::consumer::{Committed, Consume, ConsumeFault, Position};
use crate::context::Rebalance;
use crate::ledger::Rewind;
use crate::range::resolved;
use crate::transaction::Produce;
use crate::worker::{ASK, Route, Worker, WorkerError};

/// What the group waits for, and what is known of the topic.
#[derive(Debug, Default)]
pub(super) struct Assignment {
    /// Partitions that the group assigned and whose position is not known yet.
    arriving: Option<Vec<i32>>,
    /// Partitions that the group took and that are not given back yet.
    leaving: Option<Vec<i32>>,
    /// A position lies outside of its log, and nobody knows yet which: the report names no partition.
    astray: bool,
    /// The id of the topic that is read; empty where the cluster gives none, and before it was asked.
    pub topic_id: String,
    /// When the cluster was asked last.
    asked: Option<Instant>,
    /// The topic is not there, or nobody answered.
    missing: bool,
}

#[cfg(test)]
impl Assignment {
    /// Nothing comes and nothing goes.
    pub(super) fn is_settled(&self) -> bool {
        self.arriving.is_none() && self.leaving.is_none()
    }
}

impl<C, P, R> Worker<C, P, R>
where
    C: Consume,
    P: Produce<C::Group>,
    R: Route,
{
    /// What has to be done before the next poll, in this order.
    pub(super) fn settle_assignment(&mut self) -> Result<(), WorkerError> {
        self.give_back_leaving()?;
        if self.recovery.is_none() {
            self.place_arriving()?;
        }
        if self.recovery.is_none() {
            self.finish_rewinds()?;
        }
        if self.recovery.is_none() {
            self.find_astray()?;
            self.check_topic_if_due()?;
        }
        Ok(())
    }

    /// A group that waits for an answer cannot be left: whatever it still waits for is agreed to.
    pub(super) fn answer_the_group(&mut self) {
        if let Some(partitions) = self.assignment.leaving.take() {
            // Nobody is left who could try again.
            let _ = self.consumer.unassign(&partitions);
        }
        if let Some(partitions) = self.assignment.arriving.take() {
            let anywhere: Vec<_> = partitions
                .into_iter()
                .map(|partition| (partition, Position::Beginning))
                .collect();
            let _ = self.consumer.assign(&anywhere);
        }
    }

    pub(super) fn rebalance(&mut self, rebalance: Rebalance) -> Result<(), WorkerError> {
        self.metrics.rebalanced(&self.options.topic, &rebalance);
        match rebalance {
            Rebalance::Assigned(partitions) => {
                info!(
                    topic = self.options.topic,
                    ?partitions,
                    "partitions assigned"
                );
                self.assignment
                    .arriving
                    .get_or_insert_default()
                    .extend(partitions);
            }
            Rebalance::Revoked { partitions, lost } => {
                if lost {
                    warn!(
                        topic = self.options.topic,
                        ?partitions,
                        "partitions lost: the group threw this member out"
                    );
                    self.abandon_transaction("the group took the partitions away");
                } else {
                    info!(
                        topic = self.options.topic,
                        ?partitions,
                        "partitions revoked"
                    );
                    self.close_transaction()?;
                }
                for partition in &partitions {
                    self.ledger.remove(*partition);
                    self.release(*partition);
                }
                match lost {
                    true => self.vitals.left(),
                    false => self.vitals.joined(self.ledger.partitions().len()),
                }
                self.leave(partitions);
            }
        }
        self.settle_assignment()
    }

    /// The group took these partitions; those among them that were not placed yet have nothing to be given back.
    fn leave(&mut self, mut partitions: Vec<i32>) {
        if let Some(arriving) = &mut self.assignment.arriving {
            let unplaced = arriving.clone();
            arriving.retain(|partition| !partitions.contains(partition));
            partitions.retain(|partition| !unplaced.contains(partition));
        }
        self.assignment
            .leaving
            .get_or_insert_default()
            .extend(partitions);
    }

    fn give_back_leaving(&mut self) -> Result<(), WorkerError> {
        let Some(partitions) = self.assignment.leaving.take() else {
            return Ok(());
        };
        if let Err(fault) = self.consumer.unassign(&partitions) {
            self.assignment.leaving = Some(partitions);
            return self.consume_fault(fault);
        }
        Ok(())
    }

    /// Asks for the positions of assigned partitions and starts reading there.
    fn place_arriving(&mut self) -> Result<(), WorkerError> {
        // Some of them may have to be given back first.
        if self.assignment.leaving.is_some() {
            return Ok(());
        }
        let Some(partitions) = self.assignment.arriving.take() else {
            return Ok(());
        };
        let placed = self.positions_of(&partitions).and_then(|positions| {
            let Some(positions) = positions else {
                return Ok(None);
            };
            self.consumer.assign(&positions)?;
            Ok(Some(positions))
        });
        match placed {
            Ok(Some(positions)) => {
                for (partition, position) in &positions {
                    self.ledger.add(*partition, *position);
                }
                self.vitals.joined(self.ledger.partitions().len());
                self.vitals.recovered();
                self.connection.heard_from();
                Ok(())
            }
            Ok(None) => {
                self.assignment.arriving = Some(partitions);
                Ok(())
            }
            Err(fault) => {
                self.assignment.arriving = Some(partitions);
                self.consume_fault(fault)
            }
        }
    }

    /// The positions that the coordinator has stored for these partitions of the topic as it is now; `None` when the topic was
    /// made anew meanwhile: then there is more to be done first.
    fn positions_of(
        &mut self,
        partitions: &[i32],
    ) -> Result<Option<Vec<(i32, Position)>>, ConsumeFault> {
        if partitions.is_empty() {
            return Ok(Some(Vec::new()));
        }
        self.vitals.wait(ASK * 2);
        if !self.is_same_topic(ASK)? {
            return Ok(None);
        }
        let committed = self.consumer.committed(partitions, ASK)?;
        let positions = committed
            .into_iter()
            .map(|committed| (committed.partition, self.position(&committed)))
            .collect();
        resolved(&self.consumer, positions, ASK).map(Some)
    }

    /// A position counts only for the topic that it was committed for: one that was made anew is read from its beginning.
    fn position(&self, committed: &Committed) -> Position {
        let topic_id = &self.assignment.topic_id;
        match committed.offset {
            None => Position::Beginning,
            Some(offset) if committed.metadata.is_empty() || committed.metadata == *topic_id => {
                Position::At(offset)
            }
            Some(offset) => {
                warn!(
                    topic = self.options.topic,
                    partition = committed.partition,
                    offset,
                    earlier_id = committed.metadata,
                    id = topic_id,
                    "the stored position belongs to an earlier topic of this name; reading the new one from its beginning"
                );
                Position::Beginning
            }
        }
    }

    /// Brings partitions back to where their records count again.
    fn finish_rewinds(&mut self) -> Result<(), WorkerError> {
        let ask = self.ledger.rewinding(Rewind::Ask);
        match self.positions_of(&ask) {
            Ok(Some(positions)) => {
                for (partition, position) in positions {
                    if let Some(entry) = self.ledger.get_mut(partition) {
                        entry.start = position;
                        entry.rewind = Rewind::ToStart;
                    }
                }
            }
            Ok(None) => return Ok(()),
            Err(fault) => return self.consume_fault(fault),
        }
        let partitions = self.ledger.rewinding(Rewind::ToStart);
        if partitions.is_empty() {
            return Ok(());
        }
        let back: Vec<(i32, Position)> = self
            .ledger
            .iter()
            .filter(|(partition, _)| partitions.contains(partition))
            .map(|(partition, entry)| (partition, entry.start))
            .collect();
        // First resumed, then sought: a seek takes back what resuming may have fetched, the other way round it would not.
        self.consumer.resume(&partitions);
        match self.consumer.seek(&back, ASK) {
            Ok(()) => {}
            Err(ConsumeFault::Stopped(why)) => {
                self.place_anew(partitions, &why);
                return Ok(());
            }
            Err(fault) => return self.consume_fault(fault),
        }
        for partition in partitions {
            if let Some(entry) = self.ledger.get_mut(partition) {
                entry.rewind = Rewind::No;
            }
        }
        if self.is_trusted() {
            self.vitals.recovered();
        }
        Ok(())
    }

    /// The client takes no seek in one of these partitions: it stopped to read it, or has not begun yet. It reads what is assigned
    /// to it, so they are given back to the client, not to the group, and assigned once more.
    fn place_anew(&mut self, partitions: Vec<i32>, why: &str) {
        self.trouble(format!("{why}; it is placed anew"));
        self.abandon_transaction("its partitions are placed anew");
        for partition in &partitions {
            self.ledger.remove(*partition);
        }
        // Some may wait already, when the client did not take them back at once.
        let leaving = self.assignment.leaving.get_or_insert_default();
        leaving.retain(|partition| !partitions.contains(partition));
        leaving.extend(&partitions);
        self.assignment
            .arriving
            .get_or_insert_default()
            .extend(partitions);
    }

    pub(super) fn consume_fault(&mut self, fault: ConsumeFault) -> Result<(), WorkerError> {
        match fault {
            ConsumeFault::Fatal(why) => return Err(WorkerError::Consumer(why)),
            ConsumeFault::OutOfRange => self.assignment.astray = true,
            ConsumeFault::NoTopic(why) => {
                self.assignment.missing = true;
                self.trouble(format!("topic {} is not there: {why}", self.options.topic));
            }
            ConsumeFault::Stopped(why) | ConsumeFault::Passing(why) => self.trouble(why),
        }
        Ok(())
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
}
