//! The course that a backlog takes while everything happens to the processes that work it off.

use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;

use super::strike::{Blow, Striker};
use crate::audit;
use crate::child::Signal;
use crate::failure::Outcome;
use crate::fleet::Fleet;
use crate::load::Load;
use crate::service::Service;
use crate::stage::Stage;

/// What each service may need while a backlog is drained.
const RSS_LIMIT_MB: u64 = 64;

/// Deals all blows to consumers that were started just now, lets everything be stored and all
/// services drain; then checks the books.
pub fn through<'s, 'b>(
    stage: &'s Stage<'b>,
    mut fleet: Fleet,
    mut load: Load<'s, 'b>,
    chance: &mut StdRng,
) -> Outcome {
    let journal = &stage.bench.journal;
    let mut striker = Striker::new(stage, &mut fleet, &mut load);
    for blow in plan(chance) {
        striker.strike(blow)?;
    }
    let produced = load.finish()?;
    stage.settle(&mut fleet, load.storable(), 180)?;
    fleet.check_peaks(journal, RSS_LIMIT_MB, "while draining a backlog");
    fleet.drain_all(journal)?;
    audit::balance(stage, produced)?;
    Ok(())
}

/// Each consumer is terminated twice and killed once, and a second detector comes and goes, in an
/// order that chance decides.
fn plan(chance: &mut StdRng) -> Vec<Blow> {
    let mut blows = vec![Blow::Replica];
    for service in Service::CONSUMERS {
        for signal in [Signal::Term, Signal::Term, Signal::Kill] {
            blows.push(Blow::Signal(service, signal));
        }
    }
    blows.shuffle(chance);
    blows
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;

    use super::*;

    #[test]
    fn every_plan_strikes_every_consumer_three_times() {
        for seed in 0..20 {
            let plan = plan(&mut StdRng::seed_from_u64(seed));
            assert_eq!(plan.len(), 10);
            for service in Service::CONSUMERS {
                let of = |signal| {
                    let blow = Blow::Signal(service, signal);
                    plan.iter().filter(|planned| **planned == blow).count()
                };
                assert_eq!((of(Signal::Term), of(Signal::Kill)), (2, 1));
            }
        }
    }
}
