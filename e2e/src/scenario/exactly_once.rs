//! The main scenario: a backlog, and everything that may happen to a process while it is worked off.

use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;

use super::strike::{Blow, Striker};
use crate::audit;
use crate::bench::Bench;
use crate::child::Signal;
use crate::failure::Outcome;
use crate::fleet::Fleet;
use crate::load::Load;
use crate::service::Service;
use crate::stage::Stage;

pub const NAME: &str = "exactly-once";

/// One in fifty, half of them unreadable: one record in a hundred becomes a dead letter.
const ODD_ONE_IN: u64 = 49;

/// What each service may need while a backlog is drained.
const RSS_LIMIT_MB: u64 = 64;

pub fn run(bench: &Bench) -> Outcome {
    let stage = Stage::set(bench, NAME)?;
    let mut chance = bench.chance(1);
    let mut load = Load::new(&stage);
    let count = bench.arguments.count;
    load.preload(count, count / ODD_ONE_IN)?;

    let mut fleet = Fleet::default();
    let mut order = Service::CONSUMERS;
    order.shuffle(&mut chance);
    bench.journal.say(format_args!(
        "starting {}, {}, {}",
        order[0], order[1], order[2]
    ));
    for service in order {
        stage.start(&mut fleet, service)?;
    }
    let mut striker = Striker::new(&stage, &mut fleet, &mut load);
    for blow in plan(&mut chance) {
        striker.strike(blow)?;
    }
    load.finish()?;
    stage.settle(&mut fleet, load.storable(), 180)?;
    fleet.check_peaks(&bench.journal, RSS_LIMIT_MB, "while draining a backlog");
    fleet.drain_all(&bench.journal)?;
    let produced = load.finish()?;
    audit::balance(&stage, produced)?;
    stage.close()
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
