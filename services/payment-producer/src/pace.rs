//! When each payment is due: an open loop.
//!
//! A payment is due at a time that depends on its number alone, never on how long the ones before it took. So a slow broker
//! does not slow the payers down: what is late is sent late, and nothing is skipped.

use std::time::Duration;

/// A steady rate, fractions of a payment a second included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    per_second: f64,
}

impl Pace {
    /// So many payments a second; more than 0.
    #[must_use]
    pub const fn new(per_second: f64) -> Self {
        Self { per_second }
    }

    /// When payment `number`, counted from 0, is due after the start.
    #[must_use]
    pub fn due(self, number: u64) -> Duration {
        Duration::try_from_secs_f64(number as f64 / self.per_second).unwrap_or(Duration::MAX)
    }

    /// How many payments are due once `elapsed` has passed.
    #[must_use]
    pub fn due_by(self, elapsed: Duration) -> u64 {
        let estimate = (elapsed.as_secs_f64() * self.per_second) as u64;
        // Rounding may have cost the last one or two; `due` is the truth.
        let missed = (estimate..).take_while(|number| self.due(*number) <= elapsed);
        estimate + missed.count() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_payment_is_due_at_once_and_the_others_follow_evenly() {
        let pace = Pace::new(4.0);
        let due: Vec<_> = (0..4).map(|number| pace.due(number).as_millis()).collect();
        assert_eq!(due, [0, 250, 500, 750]);
    }

    #[test]
    fn two_payments_in_three_seconds_is_a_rate_too() {
        let pace = Pace::new(0.667);
        assert_eq!(pace.due(1).as_millis(), 1_499);
        assert_eq!(pace.due(667).as_secs(), 1_000);
        for (millis, count) in [(0, 1), (1_400, 1), (1_500, 2), (2_900, 2), (3_000, 3)] {
            assert_eq!(
                pace.due_by(Duration::from_millis(millis)),
                count,
                "{millis} ms"
            );
        }
    }

    #[test]
    fn what_is_due_by_a_time_is_due_no_later() {
        for per_second in [0.001, 0.667, 1.0, 3.0, 7.77, 200.0, 99_999.9, 100_000.0] {
            let pace = Pace::new(per_second);
            for elapsed in (0..5_000).map(|step| Duration::from_micros(step * 997)) {
                let count = pace.due_by(elapsed);
                assert!(
                    pace.due(count - 1) <= elapsed && pace.due(count) > elapsed,
                    "{per_second}/s after {elapsed:?}"
                );
            }
        }
    }

    #[test]
    fn a_year_at_a_hundred_thousand_a_second_keeps_the_pace() {
        let pace = Pace::new(100_000.0);
        let year = Duration::from_secs(365 * 86_400);
        assert_eq!(pace.due_by(year), 365 * 86_400 * 100_000 + 1);
    }
}
