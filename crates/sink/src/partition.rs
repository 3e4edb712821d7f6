//! One partition that the group gave us, and what has to happen before its records count.

use std::time::Duration;

use kafka::Position;
use tokio::time::Instant;

/// The longest pause between two claims of a partition.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// An assigned partition.
#[derive(Debug)]
pub(crate) struct Held {
    /// Tells this assignment of the partition from an earlier one whose claim is still on its way.
    pub generation: u64,
    pub stage: Stage,
    failures: u32,
}

/// How far it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Not claimed; to be tried at that time.
    Unclaimed(Instant),
    /// The claim is on its way.
    Claiming,
    /// Claimed, and reading has to be moved to the stored position.
    Seeking(Owned),
    /// Records count.
    Reading(Owned),
    /// Stands still until somebody acts.
    Halted,
}

/// A claimed partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owned {
    /// Ours until somebody claims after us.
    pub epoch: i64,
    /// The position that the database has.
    pub stored: Option<i64>,
    /// The offset after the last record that was taken; what is below it was taken already.
    pub next: Option<i64>,
}

impl Held {
    pub fn new(generation: u64) -> Self {
        Self {
            generation,
            stage: Stage::Unclaimed(Instant::now()),
            failures: 0,
        }
    }

    /// The partition that is read, if its records count.
    pub fn reading(&mut self) -> Option<&mut Owned> {
        match &mut self.stage {
            Stage::Reading(owned) => Some(owned),
            Stage::Unclaimed(_) | Stage::Claiming | Stage::Seeking(_) | Stage::Halted => None,
        }
    }

    /// Somebody else took it, or may have: to be claimed anew, after a pause that grows, unless the group takes it away before.
    pub fn let_go(&mut self) {
        let pause = Duration::from_millis(100) * 2_u32.saturating_pow(self.failures.min(8));
        self.failures += 1;
        self.stage = Stage::Unclaimed(Instant::now() + pause.min(LONGEST_PAUSE));
    }

    /// What was taken since the stored position is taken again.
    pub fn rewind(&mut self) {
        if let Stage::Reading(owned) = self.stage {
            self.stage = Stage::Seeking(Owned {
                next: None,
                ..owned
            });
        }
    }

    /// Reading was interrupted and goes on after what was taken.
    pub fn interrupt(&mut self) {
        if let Stage::Reading(owned) = self.stage {
            self.stage = Stage::Seeking(owned);
        }
    }

    /// A batch with records of this partition was stored.
    /// It counts only for the claim that it was stored under: a later one has read a position of its own.
    pub fn stored(&mut self, epoch: i64, to: i64) {
        if let Stage::Reading(owned) | Stage::Seeking(owned) = &mut self.stage
            && owned.epoch == epoch
        {
            owned.stored = Some(to);
            self.failures = 0;
        }
    }
}

impl Owned {
    /// Whether the record at `offset` was not taken yet.
    pub fn takes(&self, offset: i64) -> bool {
        offset >= self.next.or(self.stored).unwrap_or(0)
    }

    /// Where reading goes on.
    pub fn start(&self) -> Position {
        self.next
            .or(self.stored)
            .map_or(Position::Beginning, Position::At)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_count_only_while_reading_and_only_once() {
        let mut held = Held::new(1);
        assert!(held.reading().is_none());
        held.stage = Stage::Reading(Owned {
            epoch: 1,
            stored: Some(5),
            next: None,
        });
        let owned = held.reading().unwrap();
        assert!(!owned.takes(4) && owned.takes(5));
        owned.next = Some(6);
        assert!(!owned.takes(5));
        held.rewind();
        assert!(held.reading().is_none());
        assert_eq!(
            held.stage,
            Stage::Seeking(Owned {
                epoch: 1,
                stored: Some(5),
                next: None
            })
        );
    }

    #[test]
    fn a_partition_that_was_let_go_waits_longer_each_time_until_it_stored_something() {
        let mut held = Held::new(1);
        for _ in 0..20 {
            held.let_go();
        }
        assert!(
            matches!(held.stage, Stage::Unclaimed(at) if at > Instant::now() + Duration::from_secs(1))
        );
        held.stage = Stage::Reading(Owned {
            epoch: 3,
            stored: None,
            next: None,
        });
        held.stored(2, 9);
        assert_eq!(
            held.reading().unwrap().stored,
            None,
            "an earlier claim's batch"
        );
        held.stored(3, 7);
        assert_eq!(held.reading().unwrap().stored, Some(7));
        held.let_go();
        assert!(
            matches!(held.stage, Stage::Unclaimed(at) if at < Instant::now() + Duration::from_secs(1))
        );
    }
}
