//! How busy the machine is: figures mean little on one that has no time for us.

use std::fs;

use crate::failure::{Attempt, Failure, Outcome};

/// Time that all cores together spent since the machine started, in ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Machine {
    idle: u64,
    all: u64,
}

impl Machine {
    /// Now.
    pub fn look() -> Outcome<Self> {
        let stat = fs::read_to_string("/proc/stat").attempt("read /proc/stat")?;
        Self::read(&stat).ok_or_else(|| Failure::new("/proc/stat tells nothing of the cores"))
    }

    /// The part of its time for which the machine was busy since `before`, in percent.
    pub fn busy_percent(self, before: Self) -> u64 {
        let all = self.all.saturating_sub(before.all).max(1);
        100 - (self.idle.saturating_sub(before.idle) * 100 / all).min(100)
    }

    fn read(stat: &str) -> Option<Self> {
        let ticks = stat.lines().next()?.strip_prefix("cpu ")?;
        let ticks: Option<Vec<u64>> = ticks.split_whitespace().map(|it| it.parse().ok()).collect();
        let ticks = ticks?;
        Some(Self {
            // Waiting for a disk is idle, too.
            idle: ticks.get(3)? + ticks.get(4)?,
            // The last two are counted in the first two already.
            all: ticks.iter().take(8).sum(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_is_busy_for_what_it_was_not_idle() {
        let before = Machine::read("cpu  10 0 10 70 10 0 0 0 5 5\ncpu0 1").expect("ticks");
        let after = Machine::read("cpu  40 0 30 110 20 0 0 0 9 9\ncpu0 1").expect("ticks");
        assert_eq!(after.busy_percent(before), 50);
    }
}
