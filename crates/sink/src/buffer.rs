//! Rows that wait for their batch, partition by partition.

use std::collections::{BTreeMap, BTreeSet};

use store::{Advance, AlertRow, Batch, DeadLetterRow, PaymentRow};
use tokio::time::Instant;

use crate::partition::Owned;
use crate::row::Row;

/// This many bytes make a batch full, however few records they are.
const FULL_BYTES: usize = 4 << 20;

/// Rows that wait.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    slices: BTreeMap<i32, Slice>,
    records: usize,
    bytes: usize,
    since: Option<Instant>,
}

#[derive(Debug, Default)]
struct Slice {
    /// The next offset to read once these are stored.
    to: i64,
    payments: Vec<PaymentRow>,
    alerts: Vec<AlertRow>,
    dead_letters: Vec<DeadLetterRow>,
}

impl Buffer {
    /// Adds the row of the record at `offset`.
    pub fn push(&mut self, partition: i32, offset: i64, row: Row) {
        let slice = self.slices.entry(partition).or_default();
        slice.to = offset + 1;
        self.records += 1;
        self.since.get_or_insert_with(Instant::now);
        match row {
            Row::Payment(row, alert) => {
                self.bytes += payment_bytes(&row);
                slice.payments.push(row);
                slice.alerts.extend(alert);
            }
            Row::DeadLetter(letter) => {
                self.bytes += letter_bytes(&letter);
                slice.dead_letters.push(letter);
            }
        }
    }

    /// Has the partition's next batch store that it is read up to `position`, whatever rows it has.
    pub fn pass(&mut self, partition: i32, position: i64) {
        self.slices.entry(partition).or_default().to = position;
        self.since.get_or_insert_with(Instant::now);
    }

    /// When the oldest row came.
    pub fn since(&self) -> Option<Instant> {
        self.since
    }

    /// Whether it makes a whole batch.
    pub fn is_full(&self, records: usize) -> bool {
        self.records >= records || self.bytes >= FULL_BYTES
    }

    /// How many wait.
    #[cfg(test)]
    pub fn records(&self) -> usize {
        self.records
    }

    /// Forgets a partition's rows.
    pub fn drop_partition(&mut self, partition: i32) {
        self.slices.remove(&partition);
        self.recount();
    }

    /// Moves the rows of every partition into an empty batch, or of one suspect only while there are some. `owned` knows the claims.
    pub fn take<'h>(
        &mut self,
        mut batch: Batch,
        suspects: &BTreeSet<i32>,
        owned: impl Fn(i32) -> Option<&'h Owned>,
    ) -> Option<Batch> {
        let suspect = self.slices.keys().find(|number| suspects.contains(number));
        let numbers: Vec<i32> = match suspect {
            Some(number) => vec![*number],
            None => self.slices.keys().copied().collect(),
        };
        for number in numbers {
            // Rows of a partition that is no longer ours are somebody else's to store.
            let (Some(slice), Some(owned)) = (self.slices.remove(&number), owned(number)) else {
                continue;
            };
            batch.advances.push(Advance {
                partition: owned.partition.clone(),
                epoch: owned.epoch,
                from: owned.stored,
                to: slice.to,
            });
            batch.payments.extend(slice.payments);
            batch.alerts.extend(slice.alerts);
            batch.dead_letters.extend(slice.dead_letters);
        }
        self.recount();
        (!batch.advances.is_empty()).then_some(batch)
    }

    fn recount(&mut self) {
        let payments = |slice: &Slice| slice.payments.iter().map(payment_bytes).sum::<usize>();
        let letters = |slice: &Slice| slice.dead_letters.iter().map(letter_bytes).sum::<usize>();
        self.records = self
            .slices
            .values()
            .map(|slice| slice.payments.len() + slice.dead_letters.len())
            .sum();
        self.bytes = self
            .slices
            .values()
            .map(|slice| letters(slice) + payments(slice))
            .sum();
        if self.slices.is_empty() {
            self.since = None;
        }
    }
}

/// Whatever a sender may make as large as it likes; the other fields are bounded.
fn payment_bytes(row: &PaymentRow) -> usize {
    row.payload.len() + row.rules.as_ref().map_or(0, String::len)
}

fn letter_bytes(letter: &DeadLetterRow) -> usize {
    let bytes = |part: &Option<Vec<u8>>| part.as_ref().map_or(0, Vec::len);
    bytes(&letter.payload) + bytes(&letter.record_key)
}

#[cfg(test)]
mod tests {
    use store::{Partition, RowKey, Table};

    use super::*;

    fn letter(bytes: usize) -> Row {
        let key = RowKey {
            topic_id: "id".into(),
            topic: "t".into(),
            partition: 0,
            offset: 0,
        };
        Row::DeadLetter(DeadLetterRow {
            place: key.clone(),
            key,
            reason: "not_json".to_owned(),
            error: String::new(),
            record_key: None,
            payload: Some(vec![0; bytes]),
        })
    }

    fn empty() -> Batch {
        Batch {
            sink: "s".to_owned(),
            cluster_id: "c".to_owned(),
            advances: Vec::new(),
            table: Table::Fraud,
            payments: Vec::new(),
            alerts: Vec::new(),
            dead_letters: Vec::new(),
        }
    }

    /// Takes a batch when all partitions but 1 are ours.
    fn take(buffer: &mut Buffer, suspects: &[i32]) -> Option<Batch> {
        let claims: BTreeMap<i32, Owned> = [0, 2, 3]
            .into_iter()
            .map(|number| {
                let partition = Partition {
                    topic: "t".into(),
                    topic_id: "id".into(),
                    partition: number,
                };
                let owned = Owned {
                    partition,
                    epoch: 7,
                    stored: Some(3),
                    next: None,
                };
                (number, owned)
            })
            .collect();
        let suspects = suspects.iter().copied().collect();
        buffer.take(empty(), &suspects, |number| claims.get(&number))
    }

    fn moves(batch: &Batch) -> Vec<(i32, i64)> {
        let advances = batch.advances.iter();
        advances
            .map(|advance| (advance.partition.partition, advance.to))
            .collect()
    }

    #[test]
    fn a_batch_moves_each_partition_past_its_last_record() {
        let mut buffer = Buffer::default();
        for (partition, offset) in [(0, 3), (2, 8), (0, 5), (1, 1)] {
            buffer.push(partition, offset, letter(1));
        }
        let batch = take(&mut buffer, &[]).unwrap();
        assert_eq!(moves(&batch), [(0, 6), (2, 9)]);
        assert_eq!(
            batch.dead_letters.len(),
            3,
            "partition 1 is not ours any more"
        );
        assert!(buffer.since().is_none() && take(&mut buffer, &[]).is_none());
    }

    #[test]
    fn suspects_go_one_at_a_time_and_before_all_others() {
        let mut buffer = Buffer::default();
        for partition in [0, 2, 3] {
            buffer.push(partition, 4, letter(1));
        }
        assert_eq!(
            moves(&take(&mut buffer, &[2, 3, 9]).unwrap()),
            [(2, 5)],
            "however much there is of 0"
        );
        assert!(buffer.since().is_some());
        assert_eq!(moves(&take(&mut buffer, &[3, 9]).unwrap()), [(3, 5)]);
        assert_eq!(moves(&take(&mut buffer, &[9]).unwrap()), [(0, 5)]);
    }

    #[test]
    fn a_position_moves_without_rows_and_with_those_that_are_there() {
        let mut buffer = Buffer::default();
        buffer.push(0, 3, letter(1));
        buffer.pass(0, 5);
        buffer.pass(2, 9);
        buffer.drop_partition(0);
        assert!(buffer.since().is_some() && buffer.records() == 0);
        buffer.push(0, 3, letter(1));
        buffer.pass(0, 5);
        let batch = take(&mut buffer, &[]).unwrap();
        assert_eq!(moves(&batch), [(0, 5), (2, 9)]);
        assert_eq!(batch.dead_letters.len(), 1);
        assert!(buffer.since().is_none());
    }

    #[test]
    fn it_is_full_by_records_or_by_bytes() {
        let mut buffer = Buffer::default();
        buffer.push(0, 0, letter(1));
        assert!(buffer.is_full(1) && !buffer.is_full(2));
        buffer.push(0, 1, letter(FULL_BYTES));
        assert!(buffer.is_full(1_000));
        buffer.drop_partition(0);
        assert!(!buffer.is_full(1));
        let Row::DeadLetter(mut keyed) = letter(1) else {
            unreachable!("that is a dead letter")
        };
        keyed.record_key = Some(vec![0; FULL_BYTES]);
        buffer.push(0, 0, Row::DeadLetter(keyed));
        assert!(buffer.is_full(1_000), "keys count, too");
    }
}
