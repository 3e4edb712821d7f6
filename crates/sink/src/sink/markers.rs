//! Positions behind the last record.
//!
//! A transaction ends with a marker, which takes an offset and is handed to nobody. A position that stays in front of it is the offset
//! of something that nobody will ever read, and lies outside of the log as soon as retention has emptied it: the partition would
//! be halted for records that never were.

use std::time::Duration;

use kafka::Consume;
use store::Database;
use tokio::time::Instant;

use crate::partition::Held;
use crate::row::Shelf;
use crate::sink::Sink;

/// How often positions are moved for markers alone. Otherwise they move with the next record.
const PASS: Duration = Duration::from_secs(if cfg!(test) { 1 } else { 10 });

impl<C: Consume, D: Database, S: Shelf> Sink<C, D, S> {
    pub(super) fn pass_markers_if_due(&mut self) {
        if self.passed.elapsed() >= PASS {
            self.pass_markers();
        }
    }

    /// Has the next batch store how far partitions were handed out.
    pub(super) fn pass_markers(&mut self) {
        self.passed = Instant::now();
        for (number, position) in self.consumer.positions() {
            // Before reading was moved to the stored position, what is handed out does not count.
            if let Some(owned) = self.held.get_mut(&number).and_then(Held::reading)
                && owned.takes(position - 1)
            {
                owned.next = Some(position);
                self.buffer.pass(number, position);
            }
        }
    }
}
