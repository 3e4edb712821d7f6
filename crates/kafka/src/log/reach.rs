//! How far a reading has come, and when it is over.
//!
//! A record that is read says little about the end: behind the last one may lie offsets of control records and of aborted
//! transactions, which nobody hands out. What says it is an end-of-partition report that came after the last stable offset had
//! passed the end that was asked for. A report from before that is of no use, and librdkafka gives only one for each end: then
//! the partition has to be sought again at the place it has reached, so that another report comes.

use std::collections::BTreeMap;

use crate::log::Span;

/// Whether a record belongs to the reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// It does.
    Yes,
    /// It does, and with it the partition has come to its end.
    Last,
    /// It does not, or it was taken before.
    No,
}

/// The partitions of one reading.
#[derive(Debug)]
pub(super) struct Reach {
    partitions: BTreeMap<i32, Progress>,
    open: usize,
}

#[derive(Debug)]
struct Progress {
    /// Offset after the last record that was taken.
    next: i64,
    /// The end that was asked for.
    to: i64,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// An open transaction may hide records before the end that was asked for.
    Unstable,
    /// The next end-of-partition report is the one that counts.
    Stable,
    Done,
}

impl Reach {
    pub fn new(spans: &[Span]) -> Self {
        let progress = |span: &Span| {
            let stage = if span.from < span.to {
                Stage::Unstable
            } else {
                Stage::Done
            };
            let next = span.from;
            (
                span.partition,
                Progress {
                    next,
                    to: span.to,
                    stage,
                },
            )
        };
        let partitions: BTreeMap<i32, Progress> = spans.iter().map(progress).collect();
        let open = partitions
            .values()
            .filter(|partition| partition.stage != Stage::Done);
        Self {
            open: open.count(),
            partitions,
        }
    }

    /// Whether every partition has been read to its end.
    pub fn is_done(&self) -> bool {
        self.open == 0
    }

    /// A record came. One past the end that was asked for is an end as good as any: records come in the order of their offsets.
    pub fn take(&mut self, partition: i32, offset: i64) -> Taken {
        let Some(progress) = self.partitions.get_mut(&partition) else {
            return Taken::No;
        };
        if progress.stage == Stage::Done || offset < progress.next {
            return Taken::No;
        }
        progress.next = offset + 1;
        if progress.next < progress.to {
            return Taken::Yes;
        }
        progress.stage = Stage::Done;
        self.open -= 1;
        Taken::Last
    }

    /// The partition was read as far as it is stable; true when that was the end.
    pub fn ended(&mut self, partition: i32) -> bool {
        match self.partitions.get_mut(&partition) {
            Some(progress) if progress.stage == Stage::Stable => {
                progress.stage = Stage::Done;
                self.open -= 1;
                true
            }
            _ => false,
        }
    }

    /// The partition's last stable offset is now known to be at least this. Answers with the place to seek, when that was
    /// news: only a report of the end from now on counts.
    pub fn stable(&mut self, partition: i32, offset: i64) -> Option<i64> {
        let progress = self.partitions.get_mut(&partition)?;
        if progress.stage != Stage::Unstable || offset < progress.to {
            return None;
        }
        progress.stage = Stage::Stable;
        Some(progress.next)
    }

    /// Retention has taken what was before this offset; answers with the place to seek, when that concerns the reading.
    pub fn raise(&mut self, partition: i32, low: i64) -> Option<i64> {
        let progress = self.partitions.get_mut(&partition)?;
        if progress.stage == Stage::Done || low <= progress.next {
            return None;
        }
        progress.next = low;
        Some(low)
    }

    /// The partitions whose last stable offset has not passed the end yet, as far as is known.
    pub fn unstable(&self) -> Vec<i32> {
        self.at(|stage| stage == Stage::Unstable)
    }

    /// The partitions that are not at their end yet.
    pub fn unfinished(&self) -> Vec<i32> {
        self.at(|stage| stage != Stage::Done)
    }

    /// For a sentence about one that is not done: partition, where it has come to, the end that was asked for.
    pub fn behind(&self) -> Option<(i32, i64, i64)> {
        let mut behind = self
            .partitions
            .iter()
            .filter(|(_, progress)| progress.stage != Stage::Done);
        behind
            .next()
            .map(|(partition, progress)| (*partition, progress.next, progress.to))
    }

    /// Where each partition would go on.
    pub fn next(&self) -> BTreeMap<i32, i64> {
        self.partitions
            .iter()
            .map(|(partition, progress)| (*partition, progress.next))
            .collect()
    }

    fn at(&self, wanted: impl Fn(Stage) -> bool) -> Vec<i32> {
        let found = self
            .partitions
            .iter()
            .filter(|(_, progress)| wanted(progress.stage));
        found.map(|(partition, _)| *partition).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reach(from: i64, to: i64) -> Reach {
        Reach::new(&[Span {
            partition: 3,
            from,
            to,
        }])
    }

    #[test]
    fn an_empty_span_is_done_at_once() {
        assert!(reach(5, 5).is_done());
        assert!(reach(7, 5).is_done());
        assert!(Reach::new(&[]).is_done());
    }

    #[test]
    fn an_end_counts_only_once_the_log_is_known_to_be_stable_up_to_it() {
        let mut reach = reach(0, 10);
        assert_eq!(
            (reach.take(3, 0), reach.take(3, 4)),
            (Taken::Yes, Taken::Yes)
        );
        assert!(!reach.ended(3), "an open transaction may hide the rest");
        assert_eq!(reach.stable(3, 9), None);
        assert_eq!(reach.unstable(), [3]);
        assert_eq!(reach.stable(3, 10), Some(5));
        assert_eq!(reach.stable(3, 11), None, "that is no news");
        assert_eq!(reach.take(3, 8), Taken::Yes);
        assert!(!reach.is_done());
        assert!(reach.ended(3) && reach.is_done());
        assert_eq!(
            reach.next()[&3],
            9,
            "not 10: the last offset was a control record's"
        );
    }

    #[test]
    fn no_record_is_taken_twice_and_none_after_the_end() {
        let mut reach = reach(2, 10);
        assert_eq!(reach.take(3, 1), Taken::No, "before the span");
        assert_eq!(
            (reach.take(3, 2), reach.take(3, 2)),
            (Taken::Yes, Taken::No)
        );
        assert_eq!(reach.take(4, 5), Taken::No, "another partition");
        assert_eq!(
            reach.take(3, 12),
            Taken::Last,
            "whatever was before it was aborted"
        );
        assert!(reach.is_done());
        assert_eq!(reach.take(3, 13), Taken::No);
    }

    #[test]
    fn the_last_record_before_the_end_is_the_end() {
        let mut reach = reach(0, 2);
        assert_eq!(
            (reach.take(3, 0), reach.take(3, 1)),
            (Taken::Yes, Taken::Last)
        );
        assert!(reach.is_done() && !reach.ended(3));
    }

    #[test]
    fn what_retention_takes_meanwhile_is_skipped() {
        let mut reach = reach(0, 10);
        assert_eq!(reach.raise(3, 0), None);
        assert_eq!(reach.raise(3, 6), Some(6));
        assert_eq!(
            (reach.take(3, 5), reach.take(3, 6)),
            (Taken::No, Taken::Yes)
        );
        assert_eq!(reach.behind(), Some((3, 7, 10)));
    }
}
