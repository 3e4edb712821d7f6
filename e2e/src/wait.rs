//! Waiting for a condition, with a deadline. Nothing here sleeps for its own sake.

use std::fmt::Display;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use crate::failure::{Attempt as _, Failure, Outcome};

/// Set when somebody wants the run to end: every wait fails then, and what was started is ended on
/// the way out.
pub static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Lets a signal end the run in good order: waits fail, and what was started or stopped is put back.
pub fn listen(runtime: &Runtime) -> Outcome {
    use tokio::signal::unix::{SignalKind, signal};
    let _runtime = runtime.enter();
    for kind in [SignalKind::interrupt(), SignalKind::terminate()] {
        let mut signals = signal(kind).attempt("listen to signals")?;
        runtime.spawn(async move {
            signals.recv().await;
            INTERRUPTED.store(true, Ordering::Relaxed);
        });
    }
    Ok(())
}

/// Between two looks, unless a look is dear.
const OFTEN: Duration = Duration::from_millis(50);

/// A condition that is looked at until it holds.
#[derive(Debug, Clone, Copy)]
pub struct Wait {
    limit: Duration,
    every: Duration,
}

impl Wait {
    /// Gives up after `seconds`.
    pub fn seconds(seconds: u64) -> Self {
        Self {
            limit: Duration::from_secs(seconds),
            every: OFTEN,
        }
    }

    /// Looks only so often.
    pub fn every(self, every: Duration) -> Self {
        Self { every, ..self }
    }

    /// Looks until there is an answer. A look that fails ends the wait: whoever expects failures
    /// turns them into `None`.
    pub fn until<T>(
        self,
        what: impl Display,
        mut look: impl FnMut() -> Outcome<Option<T>>,
    ) -> Outcome<T> {
        let started = Instant::now();
        loop {
            if let Some(answer) = look()? {
                return Ok(answer);
            }
            if started.elapsed() >= self.limit {
                let seconds = self.limit.as_secs();
                return Err(Failure::new(format!(
                    "waited {seconds} s in vain until {what}"
                )));
            }
            pace(self.every)?;
        }
    }
}

/// Lets time pass because the scenario is about time: a steady phase, an outage's length.
pub fn pace(length: Duration) -> Outcome {
    let end = Instant::now() + length;
    loop {
        if INTERRUPTED.load(Ordering::Relaxed) {
            return Err(Failure::new("interrupted"));
        }
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        thread::sleep(left.min(Duration::from_millis(100)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_that_never_holds_fails_with_what_was_waited_for() {
        let waited = Wait::seconds(0).until("pigs fly", || Ok(None::<()>));
        let sentence = waited.expect_err("a failure").to_string();
        assert_eq!(sentence, "waited 0 s in vain until pigs fly");
    }

    #[test]
    fn a_condition_is_looked_at_until_it_holds() {
        let mut looks = 0;
        let answer = Wait::seconds(5)
            .every(Duration::ZERO)
            .until("the third look", || {
                looks += 1;
                Ok((looks == 3).then_some(looks))
            });
        assert_eq!(answer.expect("an answer"), 3);
    }
}
