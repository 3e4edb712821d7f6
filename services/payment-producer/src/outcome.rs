//! What became of the payments that were sent: heard on one thread, asked on others.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use kafka::{Loss, Reports};
use tracing::error;

use crate::metrics::Metrics;

/// Brokers that acknowledge nothing for this long are not there, whatever the connection says.
const SILENCE: Duration = Duration::from_secs(10);

/// What the producer is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The topic is not there yet.
    Preparing,
    /// Payments are made.
    Producing,
    /// Every payment that was asked for is delivered.
    Idle,
}

/// Shared between the loop, the client's reports and the probes.
#[derive(Debug)]
pub struct Outcome {
    metrics: Metrics,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    stage: Stage,
    /// The last time that nothing was waited for, or something was acknowledged.
    heard: Instant,
    losses: u64,
    first_loss: Option<Loss>,
}

impl Outcome {
    /// Nothing has happened yet.
    #[must_use]
    pub fn new(metrics: Metrics) -> Self {
        let state = State {
            stage: Stage::Preparing,
            heard: Instant::now(),
            losses: 0,
            first_loss: None,
        };
        Self {
            metrics,
            state: Mutex::new(state),
        }
    }

    /// The producer turned to something else.
    pub fn enter(&self, stage: Stage) {
        self.state().stage = stage;
    }

    /// So many payments are sent and not acknowledged.
    pub fn waiting(&self, payments: u64) {
        self.metrics
            .waiting
            .set(i64::try_from(payments).unwrap_or(i64::MAX));
        if payments == 0 {
            self.state().heard = Instant::now();
        }
    }

    /// How many payments are lost, and why the first of them was.
    pub fn losses(&self) -> Option<(u64, Loss)> {
        let state = self.state();
        state.first_loss.clone().map(|loss| (state.losses, loss))
    }

    /// Whether no payment is lost.
    ///
    /// # Errors
    /// How many are, and why the first of them was.
    pub fn intact(&self) -> Result<(), String> {
        self.losses().map_or(Ok(()), |(payments, loss)| {
            Err(format!(
                "{payments} payments lost, the first because of: {loss}"
            ))
        })
    }

    /// Whether payments can be delivered; the note says what is being done.
    ///
    /// # Errors
    /// What is being waited for.
    pub fn ready(&self) -> Result<String, String> {
        let state = self.state();
        let silence = state.heard.elapsed();
        let produced = self.metrics.produced.get();
        match state.stage {
            Stage::Preparing => Err("waiting for the topic of payments".to_owned()),
            Stage::Producing if silence > SILENCE => Err(format!(
                "nothing acknowledged for {} s, {} payments waiting",
                silence.as_secs(),
                self.metrics.waiting.get()
            )),
            Stage::Producing => Ok(format!("producing, {produced} payments delivered")),
            Stage::Idle => Ok(format!("idle, all {produced} payments delivered")),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reports for Outcome {
    fn delivered(&self) {
        self.metrics.produced.inc();
        self.state().heard = Instant::now();
    }

    fn lost(&self, loss: Loss) {
        self.metrics.lost(loss.cause);
        let mut state = self.state();
        state.losses += 1;
        // One cause usually takes the whole queue with it: the first says why, the end says how many.
        if state.first_loss.is_none() {
            error!(cause = loss.cause.as_str(), error = %loss, "a payment is lost");
            state.first_loss = Some(loss);
        }
    }
}

#[cfg(test)]
mod tests {
    use kafka::Cause;
    use prometheus::Registry;

    use super::*;

    #[test]
    fn only_delivered_payments_count_as_produced() {
        let metrics = Metrics::register(&Registry::new()).unwrap();
        let outcome = Outcome::new(metrics.clone());
        outcome.waiting(3);
        outcome.delivered();
        outcome.delivered();
        outcome.intact().unwrap();
        outcome.lost(Loss {
            cause: Cause::TooLarge,
            text: "first".to_owned(),
        });
        outcome.lost(Loss {
            cause: Cause::Other,
            text: "second".to_owned(),
        });
        assert_eq!(metrics.produced.get(), 2);
        assert!(
            outcome
                .losses()
                .is_some_and(|(payments, loss)| payments == 2 && loss.text == "first")
        );
        let why = outcome.intact().unwrap_err();
        assert!(why.contains("2 payments") && why.contains("first"), "{why}");
    }

    #[test]
    fn readiness_follows_the_stage_and_says_what_it_waits_for() {
        let outcome = Outcome::new(Metrics::register(&Registry::new()).unwrap());
        assert!(outcome.ready().is_err());
        outcome.enter(Stage::Producing);
        assert!(outcome.ready().is_ok());
        let long_ago = Instant::now().checked_sub(2 * SILENCE).unwrap();
        outcome.state().heard = long_ago;
        assert!(
            outcome
                .ready()
                .is_err_and(|why| why.contains("nothing acknowledged for 20 s"))
        );
        outcome.delivered();
        assert!(outcome.ready().is_ok());
        outcome.state().heard = long_ago;
        outcome.waiting(0);
        assert!(outcome.ready().is_ok(), "nothing is waited for");
        outcome.enter(Stage::Idle);
        outcome.state().heard = long_ago;
        assert!(outcome.ready().is_ok_and(|note| note.starts_with("idle")));
    }
}
