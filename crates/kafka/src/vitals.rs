//! Whether a worker turns, and whether it does its work: what probes ask and the loop tells.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A worker that has not turned for this long, and did not say that it would wait, hangs.
const STALL: Duration = Duration::from_secs(60);

/// Shared between a worker's thread and the probes. Cheap to tell, cheap to ask.
#[derive(Debug)]
pub struct Vitals(Mutex<State>);

#[derive(Debug)]
struct State {
    /// Until when a silent worker is still believed to be alive.
    alive_until: Instant,
    /// How many partitions the group gave it; `None` before it joined.
    assigned: Option<usize>,
    /// Partitions that stand still until somebody acts, each with the sentence that says why.
    halted: Vec<(i32, String)>,
    /// Why work does not go on at the moment, though it will be tried again.
    trouble: Option<String>,
}

impl Default for Vitals {
    fn default() -> Self {
        Self(Mutex::new(State {
            alive_until: Instant::now() + STALL,
            assigned: None,
            halted: Vec::new(),
            trouble: None,
        }))
    }
}

impl Vitals {
    /// The loop turned.
    pub fn turn(&self) {
        self.expect_within(STALL);
    }

    /// A call follows that may lawfully take up to `limit`.
    pub fn wait(&self, limit: Duration) {
        self.expect_within(limit.max(STALL));
    }

    /// The group gave the worker so many partitions; none makes it a spare, which is as good as ready.
    pub fn joined(&self, partitions: usize) {
        self.state().assigned = Some(partitions);
    }

    /// The group threw the worker out.
    pub fn left(&self) {
        self.state().assigned = None;
    }

    /// Work stopped for a reason that passes. Answers whether this is news: it is told at every try, and worth a line once.
    pub fn troubled(&self, why: impl Into<String>) -> bool {
        let why = Some(why.into());
        let mut state = self.state();
        let news = state.trouble != why;
        state.trouble = why;
        news
    }

    /// Work went on.
    pub fn recovered(&self) {
        self.state().trouble = None;
    }

    /// A partition stands still until somebody acts.
    pub fn halted(&self, partition: i32, why: &str) {
        let mut state = self.state();
        state.halted.retain(|(halted, _)| *halted != partition);
        state.halted.push((partition, why.to_owned()));
    }

    /// A halted partition went to somebody else.
    pub fn released(&self, partition: i32) {
        self.state()
            .halted
            .retain(|(halted, _)| *halted != partition);
    }

    /// Whether the worker's loop turns.
    ///
    /// # Errors
    /// A sentence that says for how long it has not.
    pub fn alive(&self) -> Result<(), String> {
        let overdue = Instant::now().saturating_duration_since(self.state().alive_until);
        if overdue.is_zero() {
            Ok(())
        } else {
            Err(format!("the loop is {} s overdue", overdue.as_secs()))
        }
    }

    /// For how much longer a silent worker is believed to be alive.
    pub fn patience(&self) -> Duration {
        let alive_until = self.state().alive_until;
        alive_until.saturating_duration_since(Instant::now())
    }

    /// Whether the worker is in its group and at work; the note says with how many partitions.
    ///
    /// # Errors
    /// A sentence that says what it waits for.
    pub fn ready(&self) -> Result<String, String> {
        let state = self.state();
        if let Some((_, why)) = state.halted.first() {
            return Err(why.clone());
        }
        match (state.assigned, &state.trouble) {
            (_, Some(why)) => Err(why.clone()),
            (None, None) => Err("has not joined its consumer group yet".to_owned()),
            (Some(0), None) => Ok("spare: joined, no partition assigned".to_owned()),
            (Some(partitions), None) => Ok(format!("joined, {partitions} partitions")),
        }
    }

    fn expect_within(&self, limit: Duration) {
        self.state().alive_until = Instant::now() + limit;
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readiness_follows_the_group_and_names_what_is_wrong() {
        let vitals = Vitals::default();
        assert!(vitals.ready().is_err_and(|why| why.contains("not joined")));
        vitals.joined(0);
        assert!(vitals.ready().is_ok_and(|note| note.starts_with("spare")));
        vitals.joined(6);
        vitals.troubled("brokers away");
        assert_eq!(vitals.ready(), Err("brokers away".to_owned()));
        vitals.recovered();
        vitals.halted(3, "partition 3 is halted");
        assert_eq!(vitals.ready(), Err("partition 3 is halted".to_owned()));
        vitals.released(3);
        assert_eq!(vitals.ready(), Ok("joined, 6 partitions".to_owned()));
        vitals.left();
        assert!(vitals.ready().is_err());
    }
}
