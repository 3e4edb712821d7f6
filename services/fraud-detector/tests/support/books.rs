//! What went in and what came out.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use kafka::testing::{Raw, Sender, Sending};
use payment::header;

use crate::support::bench::Bench;

/// A payment with a number of its own.
pub fn numbered(number: usize) -> Vec<u8> {
    let payment = r#"{"DATE": "01/28/2022", "TIME": "14:03:07", "PAYMENTTYPE": "VISA", "AMOUNT": 57, "WHO": "MOM", "ID": ""#;
    format!("{payment}{number}\"}}").into_bytes()
}

/// A test that is done with its load before this many payments is well under its deadlines.
const MOST: usize = 400_000;

/// Sends numbered payments over all partitions, at most about 2,000 a second, until it is told to stop.
pub struct Load {
    stop: std::sync::Arc<AtomicBool>,
    sending: Option<JoinHandle<usize>>,
}

impl Load {
    pub fn start(bench: &Bench) -> Self {
        Self::start_at(bench, 0)
    }

    /// Begins with this number.
    pub fn start_at(bench: &Bench, first: usize) -> Self {
        let (sender, topic, partitions) = (
            bench.cluster.sender(),
            bench.payments.clone(),
            bench.partitions as usize,
        );
        let stop = std::sync::Arc::new(AtomicBool::new(false));
        let told = std::sync::Arc::clone(&stop);
        let sending = std::thread::spawn(move || {
            let mut sent = first;
            while !told.load(Ordering::Relaxed) && sent < first + MOST {
                send(&sender, &topic, partitions, sent..sent + 50);
                sent += 50;
                // The pace of the load; nothing waits for it.
                std::thread::sleep(Duration::from_millis(25));
            }
            sender.flush();
            sent
        });
        Self {
            stop,
            sending: Some(sending),
        }
    }

    /// Stops it; says which number would be next.
    pub fn stop(mut self) -> usize {
        let sending = self.sending.take().expect("running");
        assert!(!sending.is_finished(), "the load ended before the test did");
        self.stop.store(true, Ordering::Relaxed);
        sending.join().expect("no panic")
    }
}

/// A failed test leaves no load behind.
impl Drop for Load {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// Sends these numbers, in turn over all partitions.
pub fn send(sender: &Sender, topic: &str, partitions: usize, numbers: std::ops::Range<usize>) {
    for number in numbers {
        let payload = numbered(number);
        let sending = Sending {
            partition: Some((number % partitions) as i32),
            payload: Some(&payload),
            ..Sending::default()
        };
        sender.send(topic, sending);
    }
}

/// Fails unless the output holds the payments of these numbers, each once and byte for byte, and names every source once.
pub fn check(output: &[Raw], numbers: std::ops::Range<usize>) {
    let mut sources: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut found: BTreeMap<&[u8], usize> = BTreeMap::new();
    for record in output {
        let topic_id = record.header(header::TOPIC_ID).expect("a topic's id");
        let source = record.header(header::SOURCE).expect("a source");
        *sources.entry((topic_id, source)).or_default() += 1;
        *found
            .entry(record.payload.as_deref().expect("a payload"))
            .or_default() += 1;
    }
    let doubled: Vec<_> = sources
        .iter()
        .filter(|(_, count)| **count > 1)
        .take(5)
        .collect();
    assert!(doubled.is_empty(), "decided twice: {doubled:?}");
    let expected: Vec<Vec<u8>> = numbers.clone().map(numbered).collect();
    let missing: Vec<_> = (numbers.clone().zip(&expected))
        .filter(|(_, payload)| !found.contains_key(payload.as_slice()))
        .map(|(number, _)| number)
        .take(5)
        .collect();
    assert!(
        missing.is_empty(),
        "missing: {missing:?} of {}",
        numbers.len()
    );
    assert_eq!(output.len(), numbers.len(), "records on the output");
}
