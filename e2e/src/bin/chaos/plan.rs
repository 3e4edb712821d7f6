//! Which faults come when: a function of the seed and nothing else.

use std::fmt;

use e2e::failure::{Failure, Outcome};
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};

use crate::fault::{Fault, Kind};

/// So many of a hundred faults are joined by a second one.
const JOINED_PERCENT: u32 = 45;

/// One fault, or two that overlap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Seconds of peace before.
    pub calm: u64,
    /// What happens.
    pub first: Fault,
    /// What happens meanwhile, so many seconds after the first.
    pub second: Option<(u64, Fault)>,
}

/// How many faults a run has. Two short ones are the least.
pub fn faults(minutes: u64) -> usize {
    (minutes * 11).div_ceil(10).max(2) as usize
}

/// Draws so many faults. No kind comes a second time before all have come.
pub fn draw(seed: u64, faults: usize) -> Vec<Step> {
    let mut chance = StdRng::seed_from_u64(seed);
    let mut deck: Vec<Kind> = Vec::new();
    let (mut steps, mut dealt) = (Vec::new(), 0);
    while dealt < faults {
        if deck.is_empty() {
            deck = Kind::all();
            deck.shuffle(&mut chance);
        }
        let Some(kind) = deck.pop() else { break };
        let first = fault(kind, &mut chance);
        dealt += 1;
        let joined = dealt < faults && chance.random_range(0..100) < JOINED_PERCENT;
        let partner = deck.iter().rposition(|other| kind.goes_with(*other));
        let second = match partner {
            Some(place) if joined => {
                dealt += 1;
                let second = fault(deck.remove(place), &mut chance);
                // While the first one lasts, and soon enough that they meet.
                Some((chance.random_range(0..=first.seconds.min(8)), second))
            }
            _ => None,
        };
        let calm = chance.random_range(2..=6);
        steps.push(Step {
            calm,
            first,
            second,
        });
    }
    steps
}

/// These faults, one after the other.
pub fn these(seed: u64, names: &[String]) -> Outcome<Vec<Step>> {
    let mut chance = StdRng::seed_from_u64(seed);
    let steps = names.iter().map(|name| {
        let kind = Kind::all()
            .into_iter()
            .find(|kind| kind.to_string() == *name);
        let kind = kind.ok_or_else(|| {
            let all: Vec<String> = Kind::all().iter().map(Kind::to_string).collect();
            Failure::new(format!("there is no fault {name}, but {}", all.join(", ")))
        })?;
        Ok(Step {
            calm: 2,
            first: fault(kind, &mut chance),
            second: None,
        })
    });
    steps.collect()
}

fn fault(kind: Kind, chance: &mut StdRng) -> Fault {
    Fault {
        kind,
        seconds: chance.random_range(kind.seconds()),
        dice: chance.random_range(0..60),
    }
}

impl Step {
    /// One or two.
    pub fn faults(&self) -> impl Iterator<Item = Fault> {
        let second = self.second.map(|(_, second)| second);
        std::iter::once(self.first).chain(second)
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            calm,
            first,
            second,
        } = self;
        write!(f, "{calm} s of peace, {first}")?;
        match second {
            Some((after, second)) => write!(f, "; {after} s later {second}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_has_one_plan() {
        assert_eq!(draw(7, 66), draw(7, 66));
        assert_ne!(draw(7, 66), draw(8, 66));
    }

    #[test]
    fn an_hour_has_every_kind_and_what_overlaps_may() {
        for seed in 0..20 {
            let steps = draw(seed, faults(60));
            let dealt: Vec<Kind> = steps
                .iter()
                .flat_map(Step::faults)
                .map(|fault| fault.kind)
                .collect();
            assert_eq!(dealt.len(), 66);
            for kind in Kind::all() {
                assert!(dealt.contains(&kind), "seed {seed} has no {kind}");
            }
            let pairs: Vec<&Step> = steps.iter().filter(|step| step.second.is_some()).collect();
            assert!(pairs.len() >= 10, "seed {seed}: {} pairs", pairs.len());
            for step in pairs {
                let kinds: Vec<Kind> = step.faults().map(|fault| fault.kind).collect();
                assert!(kinds[0].goes_with(kinds[1]), "{step}");
            }
        }
    }

    #[test]
    fn a_fault_that_nobody_knows_is_refused_by_its_name() {
        let refused = these(1, &["kill:everybody".to_owned()]).expect_err("a failure");
        assert!(
            refused
                .to_string()
                .starts_with("there is no fault kill:everybody, but broker-killed")
        );
        let taken = these(1, &["poison".to_owned()]).expect("a plan");
        assert_eq!(taken[0].first.kind, Kind::Poison);
    }
}
