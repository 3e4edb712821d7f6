//! The producer's loop: make what is due, hand it over, hear what became of it.
//!
//! 1. **Serve.** Hear reports. A lost payment ends the loop: librdkafka has already repeated what can be repeated.
//! 2. **Burst.** Once the last burst is acknowledged, make and hand over every payment that is due. One for which the queue has no
//!    room is kept and handed over first at the next turn, so none is skipped, doubled or out of order.
//! 3. **Sleep** until the next one is due; at high rates until a handful are.
//! 4. **Drain.** Told to stop, or after a loss: wait until everything that was handed over is acknowledged. What is not after 20 s is
//!    counted and said, and the process fails.
//! 5. **Show.** After a loss: stay, unready, until the metric of it has been scraped, and fail then.
//!
//! A burst waits for the last one because librdkafka sends an idempotent producer's large batches one at a time, and spins in its
//! broker threads over whatever waits for its turn: behind slow brokers that was 180 CPU-seconds per million payments. Nothing is
//! slower for it, and while the brokers are away what is late is a number here, not megabytes in a queue.

use std::sync::Arc;
use std::time::{Duration, Instant};

use kafka::{Loss, NewRecord, Publish, Reports as _, Sent, Vitals};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::generator::{Generated, Generator};
use crate::hold::Hold;
use crate::metrics::Metrics;
use crate::outcome::{Outcome, Stage};
use crate::pace::Pace;

/// The shortest sleep when nothing is due: brokers pay for each request, not for each payment.
const TICK: Duration = Duration::from_millis(50);
/// Between two looks at whether a burst is acknowledged or room has come.
const LOOK: Duration = Duration::from_millis(2);
/// The longest: reports are heard and the stop signal is seen so often.
const NAP: Duration = Duration::from_millis(100);
/// At most so many payments at once: what is handed over well within the producer's linger.
const BURST: u64 = 4_000;
/// How long the end waits for acknowledgements: less than a process is given to drain.
const DRAIN: Duration = Duration::from_secs(20);
/// How long a loss is shown before the process ends and its counters with it: longer than between two scrapes, which is a minute by
/// Prometheus's default.
const SHOW: Duration = Duration::from_secs(90);
/// How often a drain says what it waits for.
const TELL: Duration = Duration::from_secs(5);

/// Why producing ended before it was told to, or left something undone.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// Payments are lost.
    #[error("{payments} payments could not be delivered, the first because of: {loss}")]
    Lost {
        /// How many.
        payments: u64,
        /// Why the first.
        loss: Loss,
    },
    /// The brokers did not acknowledge in time. They may have the payments all the same.
    #[error("{payments} payments were sent and not acknowledged within {} s", .limit.as_secs())]
    Unacknowledged {
        /// How many.
        payments: u64,
        /// How long was waited.
        limit: Duration,
    },
}

/// Makes payments and hands them over.
pub struct Publisher<P> {
    /// Who takes them.
    pub producer: P,
    /// The topic of payments.
    pub topic: String,
    /// Who makes them.
    pub generator: Generator,
    /// When.
    pub pace: Pace,
    /// How many, at most; 0 means without end.
    pub count: u64,
    /// Who may hold them back.
    pub hold: Hold,
    /// What became of them.
    pub outcome: Arc<Outcome>,
    /// What is counted besides.
    pub metrics: Metrics,
    /// Tells that the loop turns.
    pub vitals: Arc<Vitals>,
}

/// What stopped a burst.
enum Stopped {
    /// Nothing more is due.
    NothingDue,
    /// It is as large as a burst may be.
    Enough,
    /// The last burst is not acknowledged, there is no room, or somebody holds it back.
    Held,
    /// That was the last payment.
    Complete,
}

impl<P: Publish> Publisher<P> {
    /// Runs until `stop`, then drains. After the last payment of a count it idles and stays.
    ///
    /// # Errors
    /// When a payment is lost, or not known to be delivered at the end.
    pub fn run(mut self, stop: &CancellationToken) -> Result<(), PublishError> {
        self.run_within(DRAIN, SHOW, stop)
    }

    fn run_within(
        &mut self,
        drain: Duration,
        show: Duration,
        stop: &CancellationToken,
    ) -> Result<(), PublishError> {
        let ended = self.drained_within(drain, stop);
        if matches!(ended, Err(PublishError::Lost { .. })) {
            self.show_loss(show, stop);
        }
        ended
    }

    fn drained_within(
        &mut self,
        limit: Duration,
        stop: &CancellationToken,
    ) -> Result<(), PublishError> {
        self.outcome.enter(Stage::Producing);
        let worked = self.produce(stop).and_then(|()| self.idle(stop));
        // Even when one payment is lost, the others that were handed over have a chance.
        let drained = self.drain(limit);
        // Losses are counted when all is over: one cause usually takes more than one payment.
        self.check().and(worked).and(drained)
    }

    fn produce(&mut self, stop: &CancellationToken) -> Result<(), PublishError> {
        let start = Instant::now();
        let mut sent = 0;
        let mut kept = None;
        while !stop.is_cancelled() {
            self.turn()?;
            let elapsed = start.elapsed();
            let stopped = self.burst(&mut sent, &mut kept, elapsed)?;
            let due = self.pace.due(sent);
            self.metrics
                .late_seconds
                .set(elapsed.saturating_sub(due).as_secs_f64());
            match stopped {
                Stopped::Complete => break,
                Stopped::Enough => {}
                Stopped::Held => std::thread::sleep(LOOK),
                Stopped::NothingDue => {
                    std::thread::sleep(due.saturating_sub(start.elapsed()).clamp(TICK, NAP))
                }
            }
        }
        self.metrics.late_seconds.set(0.0);
        Ok(())
    }

    /// After the last payment: waits for the last acknowledgement, however long the brokers are away, and stays.
    fn idle(&self, stop: &CancellationToken) -> Result<(), PublishError> {
        let mut delivered = false;
        while !stop.is_cancelled() {
            self.turn()?;
            if !delivered && self.producer.waiting() == 0 {
                delivered = true;
                self.outcome.enter(Stage::Idle);
                info!(
                    payments = self.metrics.produced.get(),
                    "every payment is delivered; idle from here on"
                );
            }
            std::thread::sleep(NAP);
        }
        Ok(())
    }

    /// Hands over what is due after `elapsed`. `sent` counts what was handed over, `kept` is the one that found no room.
    fn burst(
        &mut self,
        sent: &mut u64,
        kept: &mut Option<Generated>,
        elapsed: Duration,
    ) -> Result<Stopped, PublishError> {
        if self.producer.waiting() > 0 {
            return Ok(Stopped::Held);
        }
        let due = self.pace.due_by(elapsed);
        let end = *sent + BURST;
        while *sent < due {
            if self.count > 0 && *sent >= self.count {
                return Ok(Stopped::Complete);
            }
            if *sent == end {
                return Ok(Stopped::Enough);
            }
            if !self.hold.lets_pass(*sent) {
                return Ok(Stopped::Held);
            }
            let Some(made) = kept.take().or_else(|| self.generator.next()) else {
                return Ok(Stopped::Complete);
            };
            let record = NewRecord {
                topic: &self.topic,
                key: made.key.as_deref().map(str::as_bytes),
                payload: &made.payload,
                timestamp_ms: made.timestamp_ms,
            };
            match self.producer.publish(&record) {
                Ok(Sent::Queued) => *sent += 1,
                Ok(Sent::Full) => {
                    *kept = Some(made);
                    self.metrics.queue_full.inc();
                    return Ok(Stopped::Held);
                }
                Err(loss) => {
                    self.outcome.lost(loss);
                    return self.check().map(|()| Stopped::Complete);
                }
            }
        }
        Ok(Stopped::NothingDue)
    }

    /// Hears reports, and tells the probes that it did.
    fn turn(&self) -> Result<(), PublishError> {
        self.vitals.turn();
        self.producer.serve();
        self.outcome.waiting(self.producer.waiting());
        self.check()
    }

    fn check(&self) -> Result<(), PublishError> {
        match self.outcome.losses() {
            Some((payments, loss)) => Err(PublishError::Lost { payments, loss }),
            None => Ok(()),
        }
    }

    fn drain(&self, limit: Duration) -> Result<(), PublishError> {
        let start = Instant::now();
        let mut told = start;
        while !self.producer.flush(NAP) {
            self.vitals.turn();
            let payments = self.producer.waiting();
            self.outcome.waiting(payments);
            if start.elapsed() >= limit {
                return Err(PublishError::Unacknowledged { payments, limit });
            }
            if told.elapsed() >= TELL {
                told = Instant::now();
                warn!(payments, "waiting for acknowledgements");
            }
        }
        self.outcome.waiting(0);
        Ok(())
    }

    fn show_loss(&self, limit: Duration, stop: &CancellationToken) {
        let start = Instant::now();
        if !stop.is_cancelled() {
            warn!(
                seconds = limit.as_secs(),
                "nothing more is produced; stays until the loss has been scraped, and fails then"
            );
        }
        while !stop.is_cancelled() && start.elapsed() < limit {
            self.vitals.turn();
            std::thread::sleep(NAP);
        }
    }
}

#[cfg(test)]
mod tests;
