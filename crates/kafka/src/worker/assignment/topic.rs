//! Whether the topic is still the one that is read: one that was deleted and made anew has the same name and another id.

use std::time::{Duration, Instant};

use tracing::warn;

use crate::consumer::{Consume, ConsumeFault};
use crate::ledger::Rewind;
use crate::transaction::Produce;
use crate::worker::{ASK, Route, Worker, WorkerError};

/// A worker that commits nothing looks this often whether the topic is still the one that it reads.
const TOPIC_CHECK: Duration = Duration::from_millis(if cfg!(test) { 20 } else { 5_000 });

impl<C, P, R> Worker<C, P, R>
where
    C: Consume,
    P: Produce<C::Group>,
    R: Route,
{
    /// A topic that was made anew is noticed even if nothing comes from it.
    pub(super) fn check_topic_if_due(&mut self) -> Result<(), WorkerError> {
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
    pub(in crate::worker) fn is_same_topic(
        &mut self,
        limit: Duration,
    ) -> Result<bool, ConsumeFault> {
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
}
