//! What comes in.

use e2e::failure::Outcome;
use e2e::wait::Wait;

use super::Inflicted;
use crate::loader::Burst;
use crate::world::World;

/// Three hundred records that nobody can read, in one go.
pub fn poison(world: &World) -> Outcome<Inflicted<'_>> {
    burst(world, Burst::Poison(300), 300)
}

/// Five hundred payments whose timestamp, date and time are up to twelve hours off.
pub fn hours_off(world: &World) -> Outcome<Inflicted<'_>> {
    burst(world, Burst::HoursOff(500), 500)
}

fn burst(world: &World, burst: Burst, count: u64) -> Outcome<Inflicted<'_>> {
    let sent = || {
        let tallies = world.loader.odd();
        tallies.iter().map(|tally| tally.sent).sum::<u64>()
    };
    let before = sent();
    world.loader.burst(burst)?;
    Wait::seconds(30).until("the burst was sent", || {
        Ok((sent() >= before + count).then_some(()))
    })?;
    Inflicted::over(format!("{count} records in one go"))
}
