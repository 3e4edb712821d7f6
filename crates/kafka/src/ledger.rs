//! Which partitions a worker owns, and how far it is in each.

use crate::consumer::Position;

/// The partitions of one worker, by number.
#[derive(Debug, Default)]
pub struct Ledger {
    entries: Vec<Option<Entry>>,
}

/// One owned partition.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Where the open transaction started: the committed position.
    pub start: Position,
    /// The offset after the last record that went into the open transaction; `None` when none did.
    pub next: Option<i64>,
    /// What has to happen before its records count again.
    pub rewind: Rewind,
    /// Refused records in a row.
    pub refused: u32,
    /// It stands still until somebody acts.
    pub halted: bool,
}

/// Whether a partition's position has to be set before its records count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rewind {
    /// No: the records that come are the next ones.
    No,
    /// Back to `start`.
    ToStart,
    /// Back to what the broker says is committed: our own memory is not evidence.
    Ask,
}

impl Ledger {
    /// A partition came, positioned at `start`.
    pub fn add(&mut self, partition: i32, start: Position) {
        let Ok(index) = usize::try_from(partition) else {
            return;
        };
        if self.entries.len() <= index {
            self.entries.resize(index + 1, None);
        }
        self.entries[index] = Some(Entry {
            start,
            next: None,
            rewind: Rewind::No,
            refused: 0,
            halted: false,
        });
    }

    /// A partition went.
    pub fn remove(&mut self, partition: i32) {
        if let Some(entry) = usize::try_from(partition)
            .ok()
            .and_then(|index| self.entries.get_mut(index))
        {
            *entry = None;
        }
    }

    /// An owned partition.
    pub fn get_mut(&mut self, partition: i32) -> Option<&mut Entry> {
        self.entries
            .get_mut(usize::try_from(partition).ok()?)?
            .as_mut()
    }

    /// Every owned partition.
    pub fn iter(&self) -> impl Iterator<Item = (i32, &Entry)> {
        (0..)
            .zip(&self.entries)
            .filter_map(|(partition, entry)| Some((partition, entry.as_ref()?)))
    }

    /// Every owned partition, to change.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (i32, &mut Entry)> {
        (0..)
            .zip(&mut self.entries)
            .filter_map(|(partition, entry)| Some((partition, entry.as_mut()?)))
    }

    /// The numbers of the partitions that are owned.
    pub fn partitions(&self) -> Vec<i32> {
        self.iter().map(|(partition, _)| partition).collect()
    }

    /// The partitions that wait for this rewind. One that stands still does not: the client may not take a seek for it any more,
    /// and the others must not wait for that.
    pub fn rewinding(&self, how: Rewind) -> Vec<i32> {
        self.iter()
            .filter(|(_, entry)| entry.rewind == how && !entry.halted)
            .map(|(partition, _)| partition)
            .collect()
    }

    /// Where reading is, in every partition whose records count.
    pub fn places(&self) -> Vec<(i32, Position)> {
        self.iter()
            .filter(|(_, entry)| entry.rewind == Rewind::No && !entry.halted)
            .map(|(partition, entry)| (partition, entry.next.map_or(entry.start, Position::At)))
            .collect()
    }

    /// No partition stands still any more.
    pub fn lift(&mut self) {
        for (_, entry) in self.iter_mut() {
            entry.halted = false;
        }
    }

    /// The positions that a commit would store: (partition, next offset).
    pub fn uncommitted(&self) -> Vec<(i32, i64)> {
        self.iter()
            .filter_map(|(partition, entry)| Some((partition, entry.next?)))
            .collect()
    }

    /// The open transaction was committed.
    pub fn commit(&mut self) {
        for (_, entry) in self.iter_mut() {
            if let Some(next) = entry.next.take() {
                entry.start = Position::At(next);
            }
        }
    }

    /// The open transaction is gone: what was read since its start is read again, except in partitions that stand still.
    pub fn rewind(&mut self, how: Rewind) {
        for (_, entry) in self.iter_mut() {
            entry.next = None;
            if !entry.halted {
                entry.refused = 0;
                entry.rewind = how;
            }
        }
    }
}

impl Entry {
    /// Whether a record at `offset` is one that has not been taken yet.
    pub fn takes(&self, offset: i64) -> bool {
        let taken = match (self.next, self.start) {
            (Some(next), _) | (None, Position::At(next)) => offset < next,
            (None, Position::Beginning) => false,
        };
        self.rewind == Rewind::No && !self.halted && !taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_moves_the_start_and_a_rewind_does_not() {
        let mut ledger = Ledger::default();
        ledger.add(2, Position::Beginning);
        ledger.get_mut(2).unwrap().next = Some(10);
        assert_eq!(ledger.uncommitted(), [(2, 10)]);
        ledger.commit();
        assert_eq!(ledger.get_mut(2).unwrap().start, Position::At(10));
        ledger.get_mut(2).unwrap().next = Some(15);
        ledger.rewind(Rewind::ToStart);
        assert_eq!(ledger.uncommitted(), []);
        assert_eq!(ledger.get_mut(2).unwrap().start, Position::At(10));
    }

    #[test]
    fn records_count_once_and_not_before_a_rewind_is_done() {
        let mut ledger = Ledger::default();
        ledger.add(0, Position::At(5));
        let entry = ledger.get_mut(0).unwrap();
        assert!(!entry.takes(4));
        assert!(entry.takes(5));
        entry.next = Some(6);
        assert!(!entry.takes(5));
        entry.rewind = Rewind::ToStart;
        assert!(!entry.takes(6));
        ledger.remove(0);
        assert!(ledger.get_mut(0).is_none());
        assert!(ledger.get_mut(-1).is_none());
    }
}
