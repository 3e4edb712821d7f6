//! Records at a pace, until a test has seen what it wanted to see.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use super::sender::Sender;

/// Records of one round.
const ROUND: usize = 50;
/// Between two rounds: the pace of the load, and nothing waits for it.
const PACE: Duration = Duration::from_millis(25);
/// A test that is done with its load before this many records is well under its deadlines.
const MOST: usize = 400_000;

/// Sends numbered records, at most about 2,000 a second, until it is told to stop.
pub struct Load {
    stop: Arc<AtomicBool>,
    sending: Option<JoinHandle<usize>>,
}

impl Load {
    /// Begins with this number; `send` queues the record of a number.
    pub fn start(
        sender: Sender,
        first: usize,
        send: impl Fn(&Sender, usize) + Send + 'static,
    ) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let sending = std::thread::spawn(move || {
            let mut next = first;
            while !told.load(Ordering::Relaxed) && next < first + MOST {
                (next..next + ROUND).for_each(|number| send(&sender, number));
                next += ROUND;
                std::thread::sleep(PACE);
            }
            sender.flush();
            next
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
