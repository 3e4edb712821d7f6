//! Rows that wait for their batch, partition by partition.

use std::collections::BTreeMap;

use store::{Advance, AlertRow, Batch, DeadLetterRow, Partition, PaymentRow, Table};
use tokio::time::Instant;

use crate::row::Row;

/// So many bytes of payload make a batch full, however few records they are.
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

/// A claimed partition whose rows wait.
pub(crate) struct Owner {
    pub partition: Partition,
    pub epoch: i64,
    pub stored: Option<i64>,
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
                self.bytes += row.payload.len();
                slice.payments.push(row);
                slice.alerts.extend(alert);
            }
            Row::DeadLetter(letter) => {
                self.bytes += letter.payload.as_ref().map_or(0, Vec::len);
                slice.dead_letters.push(letter);
            }
        }
    }

    /// When the oldest row came.
    pub fn since(&self) -> Option<Instant> {
        self.since
    }

    /// Whether it makes a whole batch.
    pub fn is_full(&self, records: usize) -> bool {
        self.records >= records || self.bytes >= FULL_BYTES
    }

    /// Forgets a partition's rows.
    pub fn drop_partition(&mut self, partition: i32) {
        self.slices.remove(&partition);
        self.recount();
    }

    /// Takes the rows of every partition, or of the first one only, into a batch. `owner` knows the claims.
    pub fn take(
        &mut self,
        alone: bool,
        table: Table,
        sink: &str,
        cluster_id: &str,
        owner: impl Fn(i32) -> Option<Owner>,
    ) -> Option<Batch> {
        let mut batch = Batch {
            sink: sink.to_owned(),
            cluster_id: cluster_id.to_owned(),
            advances: Vec::new(),
            table,
            payments: Vec::new(),
            alerts: Vec::new(),
            dead_letters: Vec::new(),
        };
        while let Some((number, slice)) = self.slices.pop_first() {
            // Rows of a partition that is no longer ours are somebody else's to store.
            let Some(Owner {
                partition,
                epoch,
                stored,
            }) = owner(number)
            else {
                continue;
            };
            batch.advances.push(Advance {
                partition,
                epoch,
                from: stored,
                to: slice.to,
            });
            batch.payments.extend(slice.payments);
            batch.alerts.extend(slice.alerts);
            batch.dead_letters.extend(slice.dead_letters);
            if alone {
                break;
            }
        }
        self.recount();
        (!batch.advances.is_empty()).then_some(batch)
    }

    fn recount(&mut self) {
        let letters = |slice: &Slice| {
            slice
                .dead_letters
                .iter()
                .map(|letter| letter.payload.as_ref().map_or(0, Vec::len))
                .sum::<usize>()
        };
        let payments = |slice: &Slice| {
            slice
                .payments
                .iter()
                .map(|row| row.payload.len())
                .sum::<usize>()
        };
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
        if self.records == 0 {
            self.since = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use store::RowKey;

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

    fn owner(number: i32) -> Option<Owner> {
        let partition = Partition {
            topic: "t".into(),
            topic_id: "id".into(),
            partition: number,
        };
        (number != 1).then_some(Owner {
            partition,
            epoch: 7,
            stored: Some(3),
        })
    }

    #[test]
    fn a_batch_moves_each_partition_past_its_last_record() {
        let mut buffer = Buffer::default();
        for (partition, offset) in [(0, 3), (2, 8), (0, 5), (1, 1)] {
            buffer.push(partition, offset, letter(1));
        }
        let batch = buffer.take(false, Table::Fraud, "s", "c", owner).unwrap();
        let moves: Vec<_> = batch
            .advances
            .iter()
            .map(|advance| (advance.partition.partition, advance.to))
            .collect();
        assert_eq!(moves, [(0, 6), (2, 9)]);
        assert_eq!(
            batch.dead_letters.len(),
            3,
            "partition 1 is not ours any more"
        );
        assert!(
            buffer.since().is_none() && buffer.take(false, Table::Fraud, "s", "c", owner).is_none()
        );
    }

    #[test]
    fn alone_takes_one_partition_at_a_time() {
        let mut buffer = Buffer::default();
        buffer.push(0, 3, letter(1));
        buffer.push(2, 8, letter(1));
        assert_eq!(
            buffer
                .take(true, Table::Fraud, "s", "c", owner)
                .unwrap()
                .advances
                .len(),
            1
        );
        assert!(buffer.since().is_some());
        assert_eq!(
            buffer
                .take(true, Table::Fraud, "s", "c", owner)
                .unwrap()
                .advances[0]
                .partition
                .partition,
            2
        );
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
    }
}
