//! Services that start before the brokers do: they wait, say for what, and begin by themselves. What
//! happens to them then is no milder than where the brokers were there first.

use std::time::Duration;

use rand::seq::SliceRandom as _;

use super::{blows, course, outage};
use crate::bench::Bench;
use crate::compose::{BROKERS, How};
use crate::failure::Outcome;
use crate::fleet::Fleet;
use crate::load::{AT_ONCE, Load};
use crate::service::Service;
use crate::stage::Stage;
use crate::wait::pace;

pub const NAME: &str = "brokers-last";

/// Long enough for every client to have tried in vain, more than once.
const WITHOUT: Duration = Duration::from_secs(5);

pub fn run(bench: &Bench) -> Outcome {
    let compose = bench.compose()?;
    let stage = Stage::set(bench, NAME)?;
    let journal = &bench.journal;
    let away = compose.away(How::Stop, BROKERS)?;
    journal.say("all brokers are stopped");

    let mut fleet = Fleet::default();
    let mut order = [
        Service::Producer,
        Service::Detector,
        Service::Fraud,
        Service::Legit,
    ];
    let (mut chance, count) = (bench.chance(2), bench.arguments.count);
    order.shuffle(&mut chance);
    for service in order {
        match service {
            Service::Producer => course::start_producer(&stage, &mut fleet, AT_ONCE, count)?,
            _ => stage.start(&mut fleet, service)?,
        }
    }
    journal.say(format_args!(
        "started {}, {}, {}, {}",
        order[0], order[1], order[2], order[3]
    ));
    outage::notice(&stage, &mut fleet, "kafka")?;
    pace(WITHOUT)?;
    outage::truthful(&stage, &mut fleet, "kafka")?;

    away.end()?;
    outage::answering(&stage, "kafka")?;
    journal.say("all brokers answer");
    course::ready(&stage, &mut fleet)?;
    let mut load = Load::new(&stage);
    load.take_over(fleet.take(Service::Producer)?, count);
    blows::through(&stage, fleet, load, &mut chance)?;
    stage.close()
}
