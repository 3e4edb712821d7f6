//! Partitions that stand still until somebody acts.

use tracing::error;

use crate::consumer::{Consume, ConsumeFault, Position};
use crate::range::out_of_range;
use crate::transaction::Produce;
use crate::worker::{ASK, Route, Worker, WorkerError};

impl<C, P, R> Worker<C, P, R>
where
    C: Consume,
    P: Produce<C::Group>,
    R: Route,
{
    /// Looks which positions lie outside of their log, and halts those partitions. The client stopped to read the partition that
    /// it reported, so every other one is sought once more: one of them it may have been, with a position that is good by now.
    pub(super) fn find_astray(&mut self) -> Result<(), WorkerError> {
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

    pub(in crate::worker) fn halt(&mut self, partition: i32, why: &str) {
        error!(topic = self.options.topic, partition, "{why}");
        if let Some(entry) = self.ledger.get_mut(partition) {
            entry.halted = true;
        }
        self.consumer.pause(&[partition]);
        self.metrics.halted(&self.options.topic, partition, true);
        self.vitals.halted(partition, why);
    }

    /// Nothing of ours stands still in this partition any more.
    pub(super) fn release(&self, partition: i32) {
        self.vitals.released(partition);
        self.metrics.halted(&self.options.topic, partition, false);
    }
}
