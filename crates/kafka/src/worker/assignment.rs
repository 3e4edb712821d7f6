//! Which partitions are ours, and where reading goes on in each.
//!
//! The group decides, and waits for an answer: what comes is placed at its stored position, what goes is given back. An answer that
//! did not get through is given again at the next turn, or the group would wait for ever.

use std::time::{Duration, Instant};

use tracing::{error, info, warn};

use crate::consumer::{Committed, Consume, ConsumeFault, Position};
use crate::context::Rebalance;
use crate::ledger::Rewind;
use crate::range::{out_of_range, resolved};
use crate::transaction::Produce;
use crate::worker::{ASK, Route, Worker, WorkerError};

/// A worker that commits nothing looks this often whether the topic is still the one that it reads.
const TOPIC_CHECK: Duration = Duration::from_millis(if cfg!(test) { 20 } else { 5_000 });

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
        self.vitals.recovered();
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
        self.assignment.leaving = Some(partitions.clone());
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

    /// Looks which positions lie outside of their log, and halts those partitions. The client stopped to read the partition that
    /// it reported, so every other one is sought once more: one of them it may have been, with a position that is good by now.
    fn find_astray(&mut self) -> Result<(), WorkerError> {
        if !self.assignment.astray {
            return Ok(());
        }
        match self.is_same_topic(ASK) {
            Ok(true) => {}
            // That was why, and every partition will be placed anew.
            Ok(false) => {
                self.assignment.astray = false;
                return Ok(());
            }
            Err(fault) => return self.consume_fault(fault),
        }
        let places = self.ledger.places();
        let known = places.iter().filter_map(|(partition, place)| match place {
            Position::At(offset) => Some((*partition, *offset)),
            Position::Beginning => None,
        });
        let found = match out_of_range(&self.consumer, &self.options.topic, known, ASK) {
            Ok(found) => found,
            Err(fault) => return self.consume_fault(fault),
        };
        for (partition, why) in &found {
            self.halt(*partition, why);
        }
        let inside = self.ledger.places();
        match self.consumer.seek(&inside, ASK) {
            Ok(()) => {}
            Err(ConsumeFault::Stopped(why)) => {
                let partitions = inside.iter().map(|(partition, _)| *partition).collect();
                self.place_anew(partitions, &why);
            }
            Err(fault) => return self.consume_fault(fault),
        }
        self.assignment.astray = false;
        self.vitals.recovered();
        Ok(())
    }

    /// A topic that was made anew is noticed even if nothing comes from it.
    fn check_topic_if_due(&mut self) -> Result<(), WorkerError> {
        let due = self
            .assignment
            .asked
            .is_none_or(|asked| asked.elapsed() >= TOPIC_CHECK);
        if !due {
            return Ok(());
        }
        match self.is_same_topic(ASK) {
            Ok(_) => {
                // An idle worker has no commit that would say that all is well again.
                if self.open.is_none() && self.recovery.is_none() {
                    self.vitals.recovered();
                }
                Ok(())
            }
            Err(fault) => self.consume_fault(fault),
        }
    }

    /// Asks the cluster whether the topic is still the one that is read. If it is another one of the same name, nothing that was
    /// read of the old one counts: the client goes on at the old offset without a word. So the transaction is given up, and
    /// every partition is asked for its position again.
    ///
    /// As ids never come back, one answer vouches for everything that was read before it.
    pub(super) fn is_same_topic(&mut self, limit: Duration) -> Result<bool, ConsumeFault> {
        self.assignment.asked = Some(Instant::now());
        let answer = self.consumer.topic_id(limit);
        if self.assignment.missing != answer.is_err() {
            self.assignment.missing = answer.is_err();
            if answer.is_ok() {
                self.vitals.recovered();
            }
        }
        let id = answer?;
        if id == self.assignment.topic_id {
            return Ok(true);
        }
        let earlier = std::mem::replace(&mut self.assignment.topic_id, id);
        self.router.reading(&self.assignment.topic_id);
        if self.ledger.partitions().is_empty() {
            return Ok(true);
        }
        warn!(
            topic = self.options.topic,
            earlier_id = earlier,
            id = self.assignment.topic_id,
            "the topic was made anew; nothing that was read of the earlier one counts"
        );
        self.abandon_transaction("the topic was made anew");
        for partition in self.ledger.partitions() {
            self.release(partition);
        }
        self.consumer.pause(&self.ledger.partitions());
        self.ledger.lift();
        self.ledger.rewind(Rewind::Ask);
        Ok(false)
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

    pub(super) fn halt(&mut self, partition: i32, why: &str) {
        error!(topic = self.options.topic, partition, "{why}");
        if let Some(entry) = self.ledger.get_mut(partition) {
            entry.halted = true;
        }
        self.consumer.pause(&[partition]);
        self.metrics.halted(&self.options.topic, partition, true);
        self.vitals.halted(partition, why);
    }

    /// Nothing of ours stands still in this partition any more.
    fn release(&self, partition: i32) {
        self.vitals.released(partition);
        self.metrics.halted(&self.options.topic, partition, false);
    }
}
