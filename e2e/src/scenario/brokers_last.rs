//! Services that start before the brokers do: they wait, say for what, and begin by themselves.

use std::time::Duration;

use rand::seq::SliceRandom as _;

use super::{course, outage};
use crate::audit;
use crate::bench::Bench;
use crate::compose::{BROKERS, How};
use crate::failure::Outcome;
use crate::fleet::Fleet;
use crate::service::Service;
use crate::stage::Stage;
use crate::wait::{Wait, pace};

pub const NAME: &str = "brokers-last";

const COUNT: u64 = 200_000;
const RATE: u64 = 20_000;
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
    order.shuffle(&mut bench.chance(2));
    for service in order {
        match service {
            Service::Producer => course::start_producer(&stage, &mut fleet, RATE, COUNT)?,
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
    Wait::seconds(60).until(format_args!("{COUNT} payments are produced"), || {
        fleet.alive()?;
        Ok((stage.kafka.count(&stage.names.payments)? >= COUNT).then_some(()))
    })?;
    stage.settle(&mut fleet, COUNT, course::RECOVERY_SECONDS)?;
    fleet.drain_all(journal)?;
    audit::balance(&stage, COUNT)?;
    stage.close()
}
