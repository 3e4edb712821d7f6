//! Alerts in the log: a few lines a second, and then a count.

use std::time::{Duration, Instant};

use store::PaymentRow;
use tracing::info;

/// Lines a second before the rest is only counted.
const LINES: u32 = 10;
const SECOND: Duration = Duration::from_secs(1);

/// Says alerts, without shouting.
#[derive(Debug)]
pub struct Voice {
    since: Instant,
    said: u32,
    unsaid: u64,
}

impl Default for Voice {
    fn default() -> Self {
        Self {
            since: Instant::now(),
            said: 0,
            unsaid: 0,
        }
    }
}

impl Voice {
    /// Says or counts an alert that was stored.
    pub fn alert(&mut self, row: &PaymentRow) {
        if self.may_speak(Instant::now()) {
            info!(source = %row.key, rules = row.rules, amount_hundredths = row.amount_hundredths, "alert: a human must see this payment");
        }
    }

    fn may_speak(&mut self, now: Instant) -> bool {
        if now.duration_since(self.since) >= SECOND {
            if self.unsaid > 0 {
                info!(
                    alerts = self.unsaid,
                    "more alerts than lines; all of them stand in the table alerts"
                );
            }
            *self = Self {
                since: now,
                said: 0,
                unsaid: 0,
            };
        }
        let may = self.said < LINES;
        if may {
            self.said += 1
        } else {
            self.unsaid += 1
        }
        may
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_lines_a_second_and_then_a_count() {
        let mut voice = Voice::default();
        let start = voice.since;
        assert_eq!((0..25).filter(|_| voice.may_speak(start)).count(), 10);
        assert_eq!(voice.unsaid, 15);
        assert!(voice.may_speak(start + SECOND));
        assert_eq!(voice.unsaid, 0);
    }
}
