//! How long to wait before something is tried again.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

/// Pauses that double from the first to the longest.
#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    /// The pause after the first try.
    pub first: Duration,
    /// The pause after many.
    pub longest: Duration,
}

impl Backoff {
    /// The pause after this many tries, from 1. Up to half of it is taken off by `whose`, so that what failed together does not come
    /// back together; the same tries of the same one always wait as long.
    pub fn pause(&self, tries: u32, whose: &str) -> Duration {
        let doubled = 2_u32
            .checked_pow(tries.saturating_sub(1))
            .and_then(|factor| self.first.checked_mul(factor));
        let whole = doubled.map_or(self.longest, |pause| pause.min(self.longest));
        let mut hasher = DefaultHasher::new();
        (whose, tries).hash(&mut hasher);
        // 16 bits of chance are plenty, and as a fraction of 2^17 they are less than a half.
        let off = u32::from(hasher.finish() as u16);
        whole - whole * off / (1 << 17)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const BACKOFF: Backoff = Backoff {
        first: Duration::from_secs(1),
        longest: Duration::from_secs(300),
    };

    #[test]
    fn pauses_double_up_to_the_longest_and_lose_half_at_most() {
        let check = |tries: u32, whole: u64| {
            let whole = Duration::from_secs(whole);
            for number in 0..100 {
                let pause = BACKOFF.pause(tries, &format!("payments/0/{number}"));
                assert!(
                    pause <= whole && pause >= whole / 2,
                    "{pause:?} after {tries}"
                );
            }
        };
        check(0, 1);
        check(1, 1);
        check(2, 2);
        check(9, 256);
        check(10, 300);
        check(33, 300);
        check(u32::MAX, 300);
    }

    #[test]
    fn what_failed_together_comes_back_apart_and_always_the_same() {
        let pauses = |_| -> Vec<Duration> {
            (0..100)
                .map(|number| BACKOFF.pause(10, &format!("payments/0/{number}")))
                .collect()
        };
        assert_eq!(pauses(0), pauses(1));
        assert!(pauses(0).into_iter().collect::<BTreeSet<_>>().len() > 90);
    }
}
