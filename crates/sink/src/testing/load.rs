//! Many records, and whether each of them came to rest once.

use std::collections::BTreeSet;
use std::ops::Range;

use kafka::testing::{Load, Sender};
use store::Table;

use super::bench::Bench;
use super::output::Output;

/// A payment with a number of its own, as the detector hands it on; of fraud, those with odd numbers are to be alerted.
fn numbered(number: usize, partitions: usize, table: Table) -> Output {
    let rules = match table {
        Table::Legit => "",
        Table::Fraud if number.is_multiple_of(2) => "bitcoin",
        Table::Fraud => "bitcoin,stranger-bitcoin",
    };
    let payload = format!(
        r#"{{"DATE": "01/28/2022", "TIME": "14:03:07", "PAYMENTTYPE": "VISA", "AMOUNT": 57, "WHO": "MOM", "ID": "{number}"}}"#
    );
    let source = ((number % partitions) as i32, (number / partitions) as i64);
    Output::decided(source, rules, payload)
}

/// Sends these numbers.
pub fn send(bench: &Bench, numbers: Range<usize>) {
    let (sender, send) = (bench.cluster.sender(), bench.road());
    numbers.for_each(|number| send(&sender, number));
    sender.flush();
}

/// The same in one transaction, which leaves a marker behind the last record of each partition.
pub fn send_committed(bench: &Bench, numbers: Range<usize>) {
    let (sender, send) = (bench.cluster.transactional_sender("load"), bench.road());
    sender.committed(|| numbers.for_each(|number| send(&sender, number)));
}

impl Bench {
    /// Sends numbered payments from `first` on, in turn over all partitions, until the load is stopped.
    pub fn load(&self, first: usize) -> Load {
        Load::start(self.cluster.sender(), first, self.road())
    }

    /// How a numbered payment is sent.
    fn road(&self) -> impl Fn(&Sender, usize) + Send + use<> {
        let (topic, partitions, table) = (self.topic.clone(), self.partitions as usize, self.table);
        move |sender, number| {
            let partition = (number % partitions) as i32;
            numbered(number, partitions, table).send(sender, &topic, partition);
        }
    }
}

/// Waits until so many payments rest, and fails unless those are the payments of these numbers, each once and byte for byte, no
/// record is a dead letter, and the positions are right behind the last records.
pub fn check(bench: &Bench, sent: usize) {
    let partitions = bench.partitions as usize;
    let rows = bench.payments(sent);
    let mut found = BTreeSet::new();
    for row in rows {
        let (partition, offset) = (row.key.partition as usize, row.key.offset as usize);
        let number = offset * partitions + partition;
        let expected = numbered(number, partitions, bench.table);
        assert_eq!(Some(row.payload), expected.payload, "{}", row.key);
        assert!(found.insert(number), "{} stands there twice", row.key);
    }
    assert_eq!(found.last().map_or(0, |last| last + 1), sent, "payments");
    bench.dead_letters(0);
    let positions: Vec<i64> = (0..bench.partitions)
        .map(|partition| bench.position(partition))
        .collect();
    let total: i64 = positions.iter().sum();
    assert_eq!(total, sent as i64, "positions {positions:?}");
}
