//! One partition that the group gave us, and what has to happen before its records count.

use std::time::Duration;

use kafka::Position;
use store::{Advance, Partition};
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Owned {
    /// The log that was claimed: its topic may be made anew meanwhile, and its rows stay what they are.
    pub partition: Partition,
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

    /// The claim, if there is one: rows that were taken under it may be stored, also while reading is being moved.
    pub fn owned(&self) -> Option<&Owned> {
        match &self.stage {
            Stage::Reading(owned) | Stage::Seeking(owned) => Some(owned),
            Stage::Unclaimed(_) | Stage::Claiming | Stage::Halted => None,
        }
    }

    /// Whether a batch moves this partition under the claim that we have now.
    pub fn is_of(&self, advance: &Advance) -> bool {
        self.owned().is_some_and(|owned| {
            owned.epoch == advance.epoch && owned.partition == advance.partition
        })
    }

    /// Somebody else took it, or may have: to be claimed anew, after a pause that grows, unless the group takes it away before.
    pub fn let_go(&mut self) {
        let pause = Duration::from_millis(100) * 2_u32.saturating_pow(self.failures.min(8));
        self.failures += 1;
        self.stage = Stage::Unclaimed(Instant::now() + pause.min(LONGEST_PAUSE));
    }

    /// What was taken since the stored position is taken again.
    pub fn rewind(&mut self) {
        if let Some(owned) = self.owned().cloned() {
            self.stage = Stage::Seeking(Owned {
                next: None,
                ..owned
            });
        }
    }

    /// Reading was interrupted and goes on after what was taken.
    pub fn interrupt(&mut self) {
        if let Some(owned) = self.owned().cloned() {
            self.stage = Stage::Seeking(owned);
        }
    }

    /// Reading was moved to where it goes on.
    pub fn sought(&mut self) {
        if let Stage::Seeking(owned) = &self.stage {
            self.stage = Stage::Reading(owned.clone());
        }
    }

    /// A batch with records of this partition was stored.
    /// Says whether that counts: only for the claim that it was stored under, for a later one has read a position of its own.
    pub fn stored(&mut self, advance: &Advance) -> bool {
        let counts = self.is_of(advance);
        if let Stage::Reading(owned) | Stage::Seeking(owned) = &mut self.stage
            && counts
        {
            owned.stored = Some(advance.to);
            self.failures = 0;
        }
        counts
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

    fn owned(epoch: i64, stored: Option<i64>) -> Owned {
        Owned {
            partition: Partition {
                topic: "t".into(),
                topic_id: "id".into(),
                partition: 0,
            },
            epoch,
            stored,
            next: None,
        }
    }

    fn advance(epoch: i64, to: i64) -> Advance {
        Advance {
            partition: owned(epoch, None).partition,
            epoch,
            from: None,
            to,
        }
    }

    #[test]
    fn records_count_only_while_reading_and_only_once() {
        let mut held = Held::new(1);
        assert!(held.reading().is_none());
        held.stage = Stage::Reading(owned(1, Some(5)));
        let reading = held.reading().unwrap();
        assert!(!reading.takes(4) && reading.takes(5));
        reading.next = Some(6);
        assert!(!reading.takes(5));
        held.rewind();
        assert!(held.reading().is_none());
        assert_eq!(held.stage, Stage::Seeking(owned(1, Some(5))));
    }

    #[test]
    fn an_interrupted_partition_goes_on_after_what_it_took_and_a_rewound_one_does_not() {
        let mut held = Held::new(1);
        let taken = Owned {
            next: Some(9),
            ..owned(1, Some(5))
        };
        held.stage = Stage::Reading(taken);
        held.interrupt();
        assert_eq!(held.owned().map(Owned::start), Some(Position::At(9)));
        held.rewind();
        assert_eq!(held.owned().map(Owned::start), Some(Position::At(5)));
    }

    #[test]
    fn a_batch_counts_only_for_the_claim_it_was_stored_under() {
        let mut held = Held::new(1);
        held.stage = Stage::Reading(owned(3, None));
        assert!(!held.stored(&advance(2, 9)), "an earlier claim's batch");
        let mut earlier_topic = advance(3, 9);
        earlier_topic.partition.topic_id = "earlier".into();
        assert!(!held.stored(&earlier_topic), "another topic's batch");
        assert_eq!(held.owned().unwrap().stored, None);
        assert!(held.stored(&advance(3, 7)));
        assert_eq!(held.owned().unwrap().stored, Some(7));
    }

    #[test]
    fn a_partition_that_was_let_go_waits_longer_each_time_until_it_stored_something() {
        let waits_over_a_second = |held: &Held| {
            let soon = Instant::now() + Duration::from_secs(1);
            matches!(held.stage, Stage::Unclaimed(at) if at > soon)
        };
        let mut held = Held::new(1);
        for _ in 0..20 {
            held.let_go();
        }
        assert!(waits_over_a_second(&held));
        held.stage = Stage::Reading(owned(3, None));
        held.stored(&advance(3, 7));
        held.let_go();
        assert!(!waits_over_a_second(&held));
    }
}
