//! The main scenario: a backlog, and everything that may happen to a process while it is worked off.

use rand::seq::SliceRandom as _;

use super::blows;
use crate::bench::Bench;
use crate::failure::Outcome;
use crate::fleet::Fleet;
use crate::load::Load;
use crate::service::Service;
use crate::stage::Stage;

pub const NAME: &str = "exactly-once";

/// One in fifty, half of them unreadable: one record in a hundred becomes a dead letter.
const ODD_ONE_IN: u64 = 49;

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
    blows::through(&stage, fleet, load, &mut chance)?;
    stage.close()
}
