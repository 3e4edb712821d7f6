//! Doing it, and undoing it.

mod broker;
mod commit;
mod database;
mod deadlock;
mod network;
mod service;
mod traffic;
mod webhook;

use e2e::failure::Outcome;

use crate::docker::Container;
use crate::fault::{Fault, Kind};
use crate::proxy::Cut;
use crate::receiver::Mood;
use crate::world::World;

/// A fault that is there.
pub struct Inflicted<'w> {
    /// What was seen of it.
    pub evidence: String,
    undo: Undo<'w>,
}

/// Ends a fault.
type Undo<'w> = Box<dyn FnOnce() -> Outcome<End> + 'w>;

/// What was seen of a fault until its end.
pub enum End {
    /// It was over before.
    Over,
    /// It was there, and this is how it ended.
    Seen(String),
    /// It was there, and nobody can have noticed.
    Unnoticed(String),
}

impl End {
    fn seen(how: impl Into<String>) -> Outcome<Self> {
        Ok(Self::Seen(how.into()))
    }
}

impl<'w> Inflicted<'w> {
    /// There until `undo`.
    fn held(
        evidence: impl Into<String>,
        undo: impl FnOnce() -> Outcome<End> + 'w,
    ) -> Outcome<Self> {
        Ok(Self {
            evidence: evidence.into(),
            undo: Box::new(undo),
        })
    }

    /// Over already.
    fn over(evidence: impl Into<String>) -> Outcome<Self> {
        Self::held(evidence, || Ok(End::Over))
    }

    /// Ends it.
    pub fn end(self) -> Outcome<End> {
        (self.undo)()
    }
}

/// Starts again what ended, which counts if it was away until now.
fn start(world: &World, victims: &[Container]) -> Outcome<End> {
    let mut back = None;
    for victim in victims {
        if !world.docker.is("exited", victim)? {
            back = Some(victim);
        }
        world.docker.start(victim)?;
    }
    match back {
        None => End::seen("started again"),
        Some(victim) => Ok(End::Unnoticed(format!("{} was back before", victim.name))),
    }
}

/// Thaws what was frozen, which counts if it was until now.
fn thaw(world: &World, victim: &Container) -> Outcome<End> {
    let frozen = world.docker.is("paused", victim)?;
    world.docker.unpause(victim)?;
    match frozen {
        true => End::seen("thawed"),
        false => Ok(End::Unnoticed(format!("{} was not frozen", victim.name))),
    }
}

/// Does it.
pub fn inflict(world: &World, fault: Fault) -> Outcome<Inflicted<'_>> {
    match fault.kind {
        Kind::Kill(service) => service::kill(world, service),
        Kind::Freeze(service) => service::freeze(world, service),
        Kind::Terminate(service) => service::terminate(world, service),
        Kind::Roll(service) => service::roll(world, service),
        Kind::Scale(service) => service::scale(world, service),
        Kind::BrokerKilled => broker::kill(world, &[broker::any(fault.dice)]),
        Kind::TransactionCoordinatorKilled => broker::kill_transaction_coordinator(world),
        Kind::GroupCoordinatorKilled => broker::kill_group_coordinator(world),
        Kind::TwoBrokersKilled => broker::kill(
            world,
            &[broker::any(fault.dice), broker::any(fault.dice + 1)],
        ),
        Kind::BrokerPaused => broker::pause(world, broker::any(fault.dice)),
        Kind::TooFewReplicas => broker::too_few_replicas(world, fault.dice),
        Kind::CutFromBroker(service) => network::from_broker(world, service, fault.dice),
        Kind::CutFromBrokers(service) => network::from_brokers(world, service),
        Kind::CutFromDatabase(service) => network::from_database(world, service),
        Kind::DatabaseKilled => database::kill(world),
        Kind::DatabasePaused => database::pause(world),
        Kind::DatabaseRestarted => database::restart(world),
        Kind::CommitLost => commit::cut(world, Cut::Before),
        Kind::CommitUnanswered => commit::cut(world, Cut::After),
        Kind::Deadlock => deadlock::force(world, fault.dice),
        Kind::HoursOff => traffic::hours_off(world),
        Kind::Poison => traffic::poison(world),
        Kind::WebhookDown => webhook::turn(world, Mood::Down),
        Kind::WebhookSlow => webhook::turn(world, Mood::Slow),
        Kind::WebhookError => webhook::turn(world, Mood::Error),
        Kind::WebhookLate => webhook::turn(world, Mood::Late),
    }
}
