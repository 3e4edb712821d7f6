//! Positions behind the last record.
//!
//! Where payments are written in transactions, each of them ends with a marker, which takes an offset and is handed to nobody. A
//! position that stays in front of it lies outside of the log as soon as retention has emptied it, and the partition would be
//! halted for records that never were.

use std::time::{Duration, Instant};

use crate::consumer::Consume;
use crate::transaction::Produce;
use crate::worker::transaction::Open;
use crate::worker::{Route, Worker, WorkerError};

/// How often positions are moved for markers alone. Otherwise they move with the next record.
const PASS: Duration = Duration::from_secs(if cfg!(test) { 0 } else { 10 });

impl<C, P, R> Worker<C, P, R>
where
    C: Consume,
    P: Produce<C::Group>,
    R: Route,
{
    /// Has the next commit store how far partitions were handed out, now and then.
    pub(super) fn pass_markers_if_due(&mut self) -> Result<(), WorkerError> {
        if self.recovery.is_some() || self.passed.elapsed() < PASS {
            return Ok(());
        }
        self.passed = Instant::now();
        let mut ahead = self.consumer.positions();
        ahead.retain(|(partition, position)| {
            let entry = self.ledger.get_mut(*partition);
            entry.is_some_and(|entry| entry.takes(position - 1))
        });
        if ahead.is_empty() {
            return Ok(());
        }
        if self.open.is_none() {
            if let Err(fault) = self.producer.begin() {
                return self.fall(fault);
            }
            self.open = Some(Open::now());
        }
        for (partition, position) in ahead {
            if let Some(entry) = self.ledger.get_mut(partition) {
                entry.next = Some(position);
            }
        }
        Ok(())
    }
}
