//! Many payments.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use kafka::testing::{Sender, Sending};

use crate::support::bench::Bench;
use crate::support::payments::numbered;

/// Payments of one round.
const ROUND: usize = 50;
/// Between two rounds: the pace of the load, and nothing waits for it.
const PACE: Duration = Duration::from_millis(25);
/// A test that is done with its load before this many payments is well under its deadlines.
const MOST: usize = 400_000;

/// Sends numbered payments over all partitions, at most about 2,000 a second, until it is told to stop.
pub struct Load {
    stop: Arc<AtomicBool>,
    sending: Option<JoinHandle<usize>>,
}

impl Load {
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
pub fn send(bench: &Bench, numbers: Range<usize>) {
    let road = Road::of(bench);
    road.send(numbers);
    road.sender.flush();
}

/// Where numbered payments go: what a thread takes along of a bench.
struct Road {
    sender: Sender,
    topic: String,
    partitions: usize,
}

impl Road {
    fn of(bench: &Bench) -> Self {
        Self {
            sender: bench.cluster.sender(),
            topic: bench.payments.clone(),
            partitions: bench.partitions as usize,
        }
    }

    fn send(&self, numbers: Range<usize>) {
        for number in numbers {
            let payload = numbered(number);
            let sending = Sending {
                partition: Some((number % self.partitions) as i32),
                payload: Some(&payload),
                ..Sending::default()
            };
            self.sender.send(&self.topic, sending);
        }
    }
}
