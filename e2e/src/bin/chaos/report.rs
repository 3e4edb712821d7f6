//! What a run says of its faults.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use e2e::journal::Journal;

use crate::fault::{Fault, Kind};

/// Nineteen of twenty faults are over so soon.
const P95_LIMIT: Duration = Duration::from_secs(45);

/// The faults that were dealt.
#[derive(Debug, Default)]
pub struct Report {
    dealt: Vec<(Fault, Option<Duration>)>,
}

impl Report {
    /// One more, and how long it took until all was well after its end.
    pub fn add(&mut self, fault: Fault, recovery: Option<Duration>) {
        self.dealt.push((fault, recovery));
    }

    /// How many.
    pub fn faults(&self) -> usize {
        self.dealt.len()
    }

    /// Counts by kind, and recoveries. A kind that was planned and never came is a failure.
    pub fn tell(&self, journal: &Journal, planned: &[Kind]) {
        let mut counts: BTreeMap<String, (usize, Recovery)> = BTreeMap::new();
        for kind in planned {
            counts.entry(kind.to_string()).or_default();
        }
        for (fault, recovery) in &self.dealt {
            let (count, longest) = counts.entry(fault.kind.to_string()).or_default();
            *count += 1;
            *longest = Recovery::of(*recovery).max(*longest);
        }
        for (kind, (count, longest)) in &counts {
            journal.say(format_args!(
                "{kind:<36} {count:>2}  well after {longest} at most"
            ));
        }
        let missing: Vec<&str> = counts
            .iter()
            .filter(|(_, (count, _))| *count == 0)
            .map(|(kind, _)| kind.as_str())
            .collect();
        journal.check(
            missing.is_empty(),
            format_args!(
                "{} kinds of faults, {} of them never came {}",
                counts.len(),
                missing.len(),
                missing.join(" ")
            ),
        );
        let recoveries = self.dealt.iter().map(|(_, it)| Recovery::of(*it));
        let mut recoveries: Vec<Recovery> = recoveries.collect();
        recoveries.sort_unstable();
        let p95 = percentile(&recoveries, 95);
        let (middle, longest) = (percentile(&recoveries, 50), percentile(&recoveries, 100));
        journal.check(
            p95.0 <= P95_LIMIT,
            format_args!(
                "well after {middle} (p50), {p95} (p95, limit {} s), {longest} (longest)",
                P95_LIMIT.as_secs()
            ),
        );
    }
}

/// How long it took; what never recovered took longer than anything else.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Recovery(Duration);

impl Recovery {
    fn of(recovery: Option<Duration>) -> Self {
        Self(recovery.unwrap_or(Duration::MAX))
    }
}

impl fmt::Display for Recovery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Duration::MAX => f.write_str("NEVER"),
            length => write!(f, "{:.1} s", length.as_secs_f64()),
        }
    }
}

/// The least of the sorted lengths that so many percent do not exceed.
fn percentile(sorted: &[Recovery], percent: usize) -> Recovery {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted
        .get(rank.saturating_sub(1))
        .copied()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_lengths() {
        let after = |seconds| Recovery(Duration::from_secs(seconds));
        let mut lengths: Vec<Recovery> = (1..=39).map(after).collect();
        lengths.push(Recovery::of(None));
        assert_eq!(percentile(&lengths, 95), after(38));
        assert_eq!(percentile(&lengths, 100).to_string(), "NEVER");
        assert_eq!(percentile(&lengths[..1], 50), after(1));
        assert_eq!(percentile(&[], 95), after(0));
    }

    #[test]
    fn a_kind_that_never_came_and_one_that_never_recovered_are_failures() {
        let journal = Journal::start();
        let fault = Fault {
            kind: Kind::Poison,
            seconds: 0,
            dice: 0,
        };
        let mut report = Report::default();
        report.add(fault, Some(Duration::from_secs(1)));
        report.tell(&journal, &[Kind::Poison]);
        assert_eq!(journal.failures(), 0);
        report.tell(&journal, &[Kind::Poison, Kind::Deadlock]);
        assert_eq!(journal.failures(), 1);
        report.add(fault, None);
        report.tell(&journal, &[Kind::Poison]);
        assert_eq!(journal.failures(), 2);
    }
}
