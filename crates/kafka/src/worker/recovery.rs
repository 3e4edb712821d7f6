//! What happens after a call of a transaction failed, and before the first one is made.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use tracing::{info, warn};

use crate::client::TRANSACTION_TIMEOUT;
use crate::consumer::Consume;
use crate::fault::{Call, Fate, Fault};
use crate::ledger::Rewind;
use crate::metrics::Outcome;
use crate::transaction::Produce;
use crate::worker::{Route, Worker, WorkerError};

/// The pause before a second try; it doubles with every further one.
const FIRST_PAUSE: Duration = Duration::from_millis(if cfg!(test) { 1 } else { 100 });
/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = FIRST_PAUSE.saturating_mul(20);
/// Fenced so often without a commit in between, it is another process: a timeout has the same code, so once is no proof.
const RIVAL_TIMES: usize = 3;
const RIVAL_TIME: Duration = Duration::from_secs(60);
/// Two that share an id often get a commit through before the other one is back. Timeouts cannot fence so often in such a time,
/// commits or not: each of them takes as long as a transaction may.
const BUSY_RIVAL_TIMES: usize = 4;
const BUSY_RIVAL_TIME: Duration = TRANSACTION_TIMEOUT.saturating_mul(2);

/// A worker that has no usable transaction, and what it does about it.
#[derive(Debug)]
pub(super) struct Recovery {
    step: Step,
    failures: u32,
    pub next_try: Instant,
}

/// What has to be done before records count again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Abort,
    Recreate,
}

impl Recovery {
    /// A worker's beginning: it has no producer yet.
    pub fn opening() -> Self {
        Self {
            step: Step::Recreate,
            failures: 0,
            next_try: Instant::now(),
        }
    }

    fn failed(&mut self) {
        self.next_try = Instant::now() + pause(self.failures);
        self.failures += 1;
    }
}

/// The pause after so many failures in a row before this one.
fn pause(failures: u32) -> Duration {
    (FIRST_PAUSE * 2_u32.saturating_pow(failures.min(8))).min(LONGEST_PAUSE)
}

/// When this worker was fenced.
#[derive(Debug, Default)]
pub(super) struct Rivals {
    lately: VecDeque<Instant>,
    since_commit: VecDeque<Instant>,
}

impl Rivals {
    /// A commit went through: whoever fenced us may not be alive.
    pub fn committed(&mut self) {
        self.since_commit.clear();
    }

    /// Fenced once more. Answers with how often within which time, if that proves another process.
    fn fenced(&mut self, now: Instant) -> Option<(usize, Duration)> {
        let rules = [
            (&mut self.since_commit, RIVAL_TIMES, RIVAL_TIME),
            (&mut self.lately, BUSY_RIVAL_TIMES, BUSY_RIVAL_TIME),
        ];
        let mut proof = None;
        for (fenced, times, within) in rules {
            fenced.retain(|at| now.duration_since(*at) < within);
            fenced.push_back(now);
            if fenced.len() >= times {
                proof = Some((fenced.len(), within));
            }
        }
        proof
    }
}

impl<C, P, R> Worker<C, P, R>
where
    C: Consume,
    P: Produce<C::Group>,
    R: Route,
{
    /// A call failed: the transaction is gone. Stops fetching and decides how to come back.
    pub(super) fn fall(&mut self, fault: Fault) -> Result<(), WorkerError> {
        let fate = fault.fate();
        self.metrics.ended(Outcome::from(fate));
        warn!(topic = self.options.topic, id = self.options.transactional_id, %fault, ?fate, "the transaction failed; its records are read again");
        self.count_rival(&fault)?;
        let step = match fate {
            Fate::Repeat | Fate::Abort => Step::Abort,
            Fate::Recreate => Step::Recreate,
        };
        self.enter(step, fault.to_string());
        Ok(())
    }

    /// Gives up the open transaction, if there is one, though no call of it failed.
    pub(super) fn abandon_transaction(&mut self, why: &str) {
        if self.open.is_some() {
            self.metrics.ended(Outcome::Aborted);
            warn!(
                topic = self.options.topic,
                id = self.options.transactional_id,
                why,
                "the transaction is given up; its records are read again"
            );
            self.enter(Step::Abort, why.to_owned());
        }
    }

    fn enter(&mut self, step: Step, why: String) {
        self.open = None;
        self.router.aborted();
        self.consumer.pause(&self.ledger.partitions());
        self.ledger.rewind(self.evidence(step));
        // One failure passes. What fails again and again may be refused for good, and each try writes to the brokers.
        let (why, wait) = match self.barren {
            0 => (why, Duration::ZERO),
            barren => (
                format!(
                    "{why}; {} transactions in a row came to nothing",
                    barren + 1
                ),
                pause(barren - 1),
            ),
        };
        self.barren = self.barren.saturating_add(1);
        self.vitals.troubled(why);
        self.recovery = Some(Recovery {
            step,
            failures: 0,
            next_try: Instant::now() + wait,
        });
    }

    /// Whether records may be read again before a commit has shown that all is well.
    pub(super) fn is_trusted(&self) -> bool {
        self.barren < 2
    }

    /// Where positions come from after a step: an abort leaves them where they were, a lost outcome only the broker knows.
    fn evidence(&self, step: Step) -> Rewind {
        match step {
            Step::Abort => Rewind::ToStart,
            // The embedded brokers threw the transaction's offsets away.
            Step::Recreate if self.options.embedded => Rewind::ToStart,
            Step::Recreate => Rewind::Ask,
        }
    }

    /// One try to come back, if it is time for one.
    pub(super) fn recover(&mut self) -> Result<(), WorkerError> {
        let Some(recovery) = &mut self.recovery else {
            return Ok(());
        };
        if Instant::now() < recovery.next_try {
            return Ok(());
        }
        let outcome = match recovery.step {
            Step::Abort => self.producer.abort(),
            Step::Recreate => self.producer.open(),
        };
        match outcome {
            Ok(()) => {
                if recovery.step == Step::Recreate {
                    info!(id = self.options.transactional_id, "producer opened");
                }
                self.recovery = None;
                self.connection.heard_from();
                if self.is_trusted() {
                    self.vitals.recovered();
                }
            }
            Err(fault) if fault.call == Call::Create => {
                return Err(WorkerError::Producer(fault.text));
            }
            Err(fault) => {
                warn!(id = self.options.transactional_id, %fault, "could not come back yet; will be tried again");
                // Whatever an abort answers but success: only a new producer is certain to have nothing open.
                recovery.step = Step::Recreate;
                recovery.failed();
                self.ledger.rewind(self.evidence(Step::Recreate));
                self.vitals.troubled(
                    self.connection
                        .answers()
                        .err()
                        .unwrap_or_else(|| fault.to_string()),
                );
                self.count_rival(&fault)?;
            }
        }
        Ok(())
    }

    fn count_rival(&mut self, fault: &Fault) -> Result<(), WorkerError> {
        if fault.code != Fault::FENCED {
            return Ok(());
        }
        match self.rivals.fenced(Instant::now()) {
            None => Ok(()),
            Some((times, within)) => Err(WorkerError::Rival {
                id: self.options.transactional_id.clone(),
                times,
                within,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_times_in_a_minute_without_a_commit_are_a_rival() {
        let now = Instant::now();
        let mut rivals = Rivals::default();
        for second in [0, 30, 61, 92] {
            assert_eq!(rivals.fenced(now + Duration::from_secs(second)), None);
        }
        rivals.committed();
        assert_eq!(rivals.fenced(now + Duration::from_secs(93)), None);
        assert_eq!(rivals.fenced(now + Duration::from_secs(94)), None);
        assert_eq!(
            rivals.fenced(now + Duration::from_secs(140)),
            Some((3, RIVAL_TIME))
        );
    }

    #[test]
    fn more_often_than_timeouts_could_is_a_rival_commits_or_not() {
        let now = Instant::now();
        let mut rivals = Rivals::default();
        let mut fenced = |second| {
            rivals.committed();
            rivals.fenced(now + Duration::from_secs(second))
        };
        // Every transaction times out: no proof, however long it goes on.
        for timeout in 0..20 {
            assert_eq!(fenced(timeout * 10), None);
        }
        assert_eq!(fenced(193), None);
        assert_eq!(fenced(196), Some((4, BUSY_RIVAL_TIME)));
    }

    #[test]
    fn pauses_grow_and_then_stay() {
        let mut recovery = Recovery::opening();
        for _ in 0..20 {
            recovery.failed();
        }
        assert!(recovery.next_try <= Instant::now() + LONGEST_PAUSE);
        assert!(recovery.next_try > Instant::now() + LONGEST_PAUSE / 2);
    }
}
