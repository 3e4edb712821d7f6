//! Whether the receiver answers, and how many alerts it is sent at once.
//!
//! Each alert has a back-off of its own, and that is not enough: when the receiver is away, a thousand alerts that wait are a thousand
//! connections every five minutes, and all thousand have lost their place in the queue when it comes back. So after a few failures in a
//! row nobody else is sent: one alert at a time asks whether it is back, with a pause that grows, and the first answer lets all go.
//! A few, because a single alert that makes the receiver stumble must not hold up the others.

use std::time::Duration;

use tokio::time::Instant;

use crate::backoff::Backoff;

/// So many failures in a row mean that it is the receiver and not the alert.
const FAILURES: u32 = 3;

/// What is known of the receiver.
#[derive(Debug)]
pub struct Receiver {
    parallel: usize,
    backoff: Backoff,
    state: State,
    rests_until: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// It answers, but for so many failures in a row.
    Answers(u32),
    /// It has been asked so often whether it is back.
    Away(u32),
}

impl Receiver {
    /// One that is taken to answer, this many alerts at once.
    pub fn new(parallel: usize, backoff: Backoff) -> Self {
        Self {
            parallel,
            backoff,
            state: State::Answers(0),
            rests_until: Instant::now(),
        }
    }

    /// How many more alerts may be sent while so many are under way. None until half of the places are free: leasing is a transaction,
    /// and one for each alert would be dear.
    pub fn room(&self, under_way: usize) -> usize {
        match self.state {
            State::Answers(_) if under_way <= self.parallel / 2 => self.parallel - under_way,
            State::Away(_) if under_way == 0 => 1,
            State::Answers(_) | State::Away(_) => 0,
        }
    }

    /// Nothing is sent before then.
    pub fn rests_until(&self) -> Instant {
        self.rests_until
    }

    /// Whether what is sent now asks if it is back.
    pub fn is_away(&self) -> bool {
        matches!(self.state, State::Away(_))
    }

    /// It answered, if only to refuse. Says whether that is news.
    pub fn answered(&mut self) -> bool {
        let was_away = self.is_away();
        self.state = State::Answers(0);
        was_away
    }

    /// It did not answer, or could not take an alert, and wants to be left alone for so long. `probe` is whether it was known to be away
    /// when the alert was sent: the failures of those sent before tell nothing new. Says whether it is news that it is away.
    pub fn failed(&mut self, probe: bool, after: Option<Duration>, now: Instant) -> bool {
        let before = self.is_away();
        self.state = match self.state {
            State::Answers(failures) if failures + 1 < FAILURES => State::Answers(failures + 1),
            State::Answers(_) => State::Away(1),
            State::Away(tries) => State::Away(tries.saturating_add(u32::from(probe))),
        };
        let pause = match self.state {
            State::Away(tries) if probe || !before => self.backoff.pause(tries, "receiver"),
            State::Away(_) | State::Answers(_) => Duration::ZERO,
        };
        let pause = pause.max(after.unwrap_or_default());
        self.rests_until = self.rests_until.max(now + pause);
        !before && self.is_away()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn receiver() -> Receiver {
        let backoff = Backoff {
            first: SECOND,
            longest: 30 * SECOND,
        };
        Receiver::new(16, backoff)
    }

    #[test]
    fn places_are_filled_when_half_of_them_are_free() {
        let receiver = receiver();
        assert_eq!(receiver.room(0), 16);
        assert_eq!(receiver.room(8), 8);
        assert_eq!(receiver.room(9), 0);
        assert_eq!(receiver.room(16), 0);
    }

    #[test]
    fn one_alert_that_fails_again_and_again_holds_nobody_up() {
        let (mut receiver, now) = (receiver(), Instant::now());
        for _ in 0..100 {
            assert!(!receiver.failed(false, None, now));
            assert!(!receiver.failed(false, None, now));
            assert!(!receiver.answered());
        }
        assert_eq!(receiver.room(0), 16);
        assert!(receiver.rests_until() <= now);
    }

    #[test]
    fn away_it_is_asked_by_one_at_a_time_and_ever_less_often() {
        let (mut receiver, now) = (receiver(), Instant::now());
        let news: Vec<bool> = (0..16).map(|_| receiver.failed(false, None, now)).collect();
        assert_eq!(news.iter().filter(|news| **news).count(), 1);
        let rest = receiver.rests_until() - now;
        assert!(rest <= SECOND && rest >= SECOND / 2, "{rest:?}");
        assert_eq!((receiver.room(1), receiver.room(0)), (0, 1));
        let mut now = receiver.rests_until();
        for _ in 0..10 {
            assert!(receiver.is_away());
            assert!(!receiver.failed(true, None, now));
            let rest = receiver.rests_until() - now;
            assert!(rest <= 30 * SECOND, "{rest:?}");
            now = receiver.rests_until();
        }
        assert!(!receiver.failed(true, None, now));
        assert!(receiver.rests_until() - now >= 15 * SECOND);
        assert!(receiver.answered());
        assert!(!receiver.answered());
        assert_eq!(receiver.room(0), 16);
    }

    #[test]
    fn a_pause_that_it_asks_for_is_kept_also_by_those_sent_before() {
        let (mut receiver, now) = (receiver(), Instant::now());
        assert!(!receiver.failed(false, Some(60 * SECOND), now));
        assert!(!receiver.failed(false, Some(SECOND), now));
        assert!(!receiver.answered());
        assert_eq!(receiver.rests_until(), now + 60 * SECOND);
    }
}
