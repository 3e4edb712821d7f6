//! How long something may take to show, counted from the start of the system.

use std::thread;
use std::time::{Duration, Instant, UNIX_EPOCH};

/// Between two rounds of questions.
const PAUSE: Duration = Duration::from_secs(1);

/// The end of the time in which everything has to have data.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    /// How old the system was when we began.
    age: Duration,
    began: Instant,
    within: Duration,
}

impl Deadline {
    /// `within` seconds after `since`, or after now.
    pub fn new(since: Option<u64>, within: u64) -> Self {
        let age = since.and_then(|since| {
            let now = UNIX_EPOCH.elapsed().ok()?;
            now.checked_sub(Duration::from_secs(since))
        });
        Self {
            age: age.unwrap_or_default(),
            began: Instant::now(),
            within: Duration::from_secs(within),
        }
    }

    /// Seconds since the start of the system.
    pub fn elapsed_seconds(&self) -> u64 {
        self.elapsed().as_secs()
    }

    /// Looks until nothing is wrong or the time is over, but at least once. What was wrong at the last look.
    pub fn wait(&self, mut look: impl FnMut() -> Vec<String>) -> Vec<String> {
        loop {
            let wrong = look();
            if wrong.is_empty() || self.elapsed() >= self.within {
                return wrong;
            }
            thread::sleep(PAUSE);
        }
    }

    fn elapsed(&self) -> Duration {
        self.age + self.began.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_is_looked_at_once() {
        let mut looks = 0;
        let wrong = Deadline::new(Some(0), 90).wait(|| {
            looks += 1;
            vec!["empty".to_owned()]
        });
        assert_eq!((looks, wrong), (1, vec!["empty".to_owned()]));
    }

    #[test]
    fn nothing_wrong_is_not_waited_for() {
        let deadline = Deadline::new(None, 90);
        assert!(deadline.wait(Vec::new).is_empty());
        assert!(deadline.elapsed_seconds() < 60);
    }
}
