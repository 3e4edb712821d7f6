//! Many records, and whether each of them came to rest once.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use kafka::testing::Sender;
use store::Table;

use super::bench::Bench;
use super::output::Output;

/// Records of one round.
const ROUND: usize = 50;
/// Between two rounds: the pace of the load, and nothing waits for it.
const PACE: Duration = Duration::from_millis(25);
/// What a load sends at most.
const MOST: usize = 60_000;

/// Sends numbered payments over all partitions, at most about 2,000 a second, until it is told to stop.
pub struct Load {
    stop: Arc<AtomicBool>,
    sending: Option<JoinHandle<usize>>,
}

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

/// Sends these numbers, in turn over all partitions.
pub fn send(bench: &Bench, numbers: Range<usize>) {
    let road = Road::of(bench);
    road.send(numbers);
    road.sender.flush();
}

/// Where numbered payments go.
struct Road {
    sender: Sender,
    topic: String,
    partitions: usize,
    table: Table,
}

impl Road {
    fn of(bench: &Bench) -> Self {
        Self {
            sender: bench.cluster.sender(),
            topic: bench.topic.clone(),
            partitions: bench.partitions as usize,
            table: bench.table,
        }
    }

    fn send(&self, numbers: Range<usize>) {
        for number in numbers {
            let partition = (number % self.partitions) as i32;
            numbered(number, self.partitions, self.table).send(
                &self.sender,
                &self.topic,
                partition,
            );
        }
    }
}

impl Load {
    /// Begins with number 0.
    pub fn start(bench: &Bench) -> Self {
        Self::start_at(bench, 0)
    }

    /// Begins with this number.
    pub fn start_at(bench: &Bench, first: usize) -> Self {
        let road = Road::of(bench);
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let sending = std::thread::spawn(move || {
            let mut sent = first;
            while !told.load(Ordering::Relaxed) && sent < first + MOST {
                road.send(sent..sent + ROUND);
                sent += ROUND;
                std::thread::sleep(PACE);
            }
            road.sender.flush();
            sent
        });
        Self {
            stop,
            sending: Some(sending),
        }
    }

    /// Stops it; says which number would be next.
    pub fn stop(mut self) -> usize {
        self.stop.store(true, Ordering::Relaxed);
        let sending = self.sending.take().expect("running");
        sending.join().expect("no panic")
    }
}

/// A failed test leaves no load behind.
impl Drop for Load {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
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
