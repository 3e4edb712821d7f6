//! A few log lines a second, and a count of the rest.

use std::time::{Duration, Instant};

/// Lines a second before the rest is only counted.
const LINES: u32 = 10;
const SECOND: Duration = Duration::from_secs(1);

/// How much was said in this second.
#[derive(Debug)]
pub struct Quota {
    since: Instant,
    said: u32,
    unsaid: u64,
}

impl Default for Quota {
    fn default() -> Self {
        Self {
            since: Instant::now(),
            said: 0,
            unsaid: 0,
        }
    }
}

impl Quota {
    /// Whether a line may be said now, and if so how many were not since one was.
    pub fn take(&mut self, now: Instant) -> Option<u64> {
        if now.duration_since(self.since) >= SECOND {
            self.since = now;
            self.said = 0;
        }
        if self.said == LINES {
            self.unsaid += 1;
            return None;
        }
        self.said += 1;
        Some(std::mem::take(&mut self.unsaid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_lines_a_second_and_then_a_count() {
        let mut quota = Quota::default();
        let start = quota.since;
        let said = (0..25).filter_map(|_| quota.take(start)).count();
        assert_eq!(said, 10);
        assert_eq!(quota.take(start + SECOND), Some(15));
        assert_eq!(quota.take(start + SECOND), Some(0));
    }
}
