//! How long records have waited for a broker's word.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// When the records were handed over that still wait.
#[derive(Debug, Default)]
pub struct Patience(Mutex<BTreeMap<Instant, usize>>);

impl Patience {
    /// One was handed over at this moment, and waits.
    pub fn began(&self, at: Instant) {
        *self.waiting().entry(at).or_default() += 1;
    }

    /// One that was handed over at this moment waits no more.
    pub fn ended(&self, at: Instant) {
        let mut waiting = self.waiting();
        if let Some(count) = waiting.get_mut(&at) {
            *count -= 1;
            if *count == 0 {
                waiting.remove(&at);
            }
        }
    }

    /// How many wait.
    pub fn count(&self) -> usize {
        self.waiting().values().sum()
    }

    /// How long the one has waited that waits longest.
    pub fn longest(&self) -> Duration {
        let first = self.waiting().keys().next().copied();
        first.map_or(Duration::ZERO, |at| at.elapsed())
    }

    fn waiting(&self) -> MutexGuard<'_, BTreeMap<Instant, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_counts_until_all_of_its_moment_have_ended() {
        let patience = Patience::default();
        assert_eq!((patience.count(), patience.longest()), (0, Duration::ZERO));
        let now = Instant::now();
        let [old, older] = [30, 60].map(|seconds| now - Duration::from_secs(seconds));
        for at in [old, older, older, now] {
            patience.began(at);
        }
        assert_eq!(patience.count(), 4);
        patience.ended(older);
        assert!(patience.longest() >= Duration::from_secs(60));
        patience.ended(older);
        assert_eq!(patience.longest().as_secs() / 10, 3);
        patience.ended(old);
        patience.ended(now);
        assert_eq!((patience.count(), patience.longest()), (0, Duration::ZERO));
    }
}
