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

/// Faults without end. No kind comes a second time before all have come.
pub struct Deck {
    chance: StdRng,
    cards: Vec<Kind>,
}

impl Deck {
    /// The deck of a seed.
    pub fn new(seed: u64) -> Self {
        Self {
            chance: StdRng::seed_from_u64(seed),
            cards: Vec::new(),
        }
    }

    /// Steps with so many faults, or one more.
    pub fn deal(&mut self, faults: usize) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::new();
        while steps.iter().flat_map(Step::faults).count() < faults {
            steps.extend(self.next());
        }
        steps
    }
}

impl Iterator for Deck {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        let Self { chance, cards } = self;
        if cards.is_empty() {
            *cards = Kind::all();
            cards.shuffle(chance);
        }
        let kind = cards.pop()?;
        let first = fault(kind, chance);
        let joined = chance.random_range(0..100) < JOINED_PERCENT;
        // Two that are over at once would not meet.
        let meets = |other: &Kind| kind.goes_with(*other) && (first.kind.lasts() || other.lasts());
        let partner = cards.iter().rposition(meets).filter(|_| joined);
        let partner = partner.map(|place| fault(cards.remove(place), chance));
        let calm = chance.random_range(2..=6);
        let (first, second) = match partner {
            Some(partner) if !first.kind.lasts() => (partner, Some(first)),
            partner => (first, partner),
        };
        // While the first one lasts, and soon enough that they meet.
        let second = second.map(|second| (chance.random_range(0..=first.seconds.min(8)), second));
        Some(Step {
            calm,
            first,
            second,
        })
    }
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
        let draw = |seed| Deck::new(seed).deal(66);
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
    }

    /// The Makefile says in words what `make chaos-short` is. Another order of kinds is another plan, and wants another seed.
    #[test]
    fn the_short_run_is_what_it_is_said_to_be() {
        let steps: Vec<String> = Deck::new(2453)
            .deal(6)
            .iter()
            .map(Step::to_string)
            .collect();
        let expected = [
            "4 s of peace, freeze:fraud-processor for 28 s; 6 s later hours-off",
            "4 s of peace, kill:fraud-detector for 7 s; 5 s later group-coordinator-killed for 9 s",
            "5 s of peace, cut-from-all-brokers:payment-producer for 39 s; 4 s later commit-unanswered",
        ];
        assert_eq!(steps, expected);
    }

    #[test]
    fn a_long_run_has_every_kind_and_what_overlaps_may() {
        for seed in 0..20 {
            let steps = Deck::new(seed).deal(66);
            let dealt: Vec<Kind> = steps
                .iter()
                .flat_map(Step::faults)
                .map(|fault| fault.kind)
                .collect();
            assert!((66..=67).contains(&dealt.len()), "{}", dealt.len());
            for kind in Kind::all() {
                assert!(dealt.contains(&kind), "seed {seed} has no {kind}");
            }
            let pairs: Vec<&Step> = steps.iter().filter(|step| step.second.is_some()).collect();
            assert!(pairs.len() >= 10, "seed {seed}: {} pairs", pairs.len());
            for step in pairs {
                let kinds: Vec<Kind> = step.faults().map(|fault| fault.kind).collect();
                assert!(kinds[0].goes_with(kinds[1]), "{step}");
                assert!(step.first.kind.lasts(), "{step}");
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
