//! What comes in.

use e2e::failure::Outcome;
use e2e::wait::Wait;

use super::Inflicted;
use crate::loader::Odd;
use crate::world::World;

/// Three hundred records that nobody can read, in one go.
pub fn poison(world: &World) -> Outcome<Inflicted<'_>> {
    burst(world, Odd::Poison, 300)
}

/// Five hundred payments whose timestamp, date and time are up to twelve hours off.
pub fn hours_off(world: &World) -> Outcome<Inflicted<'_>> {
    burst(world, Odd::HoursOff, 500)
}

fn burst(world: &World, odd: Odd, count: u64) -> Outcome<Inflicted<'_>> {
    let before = world.loader.tally(odd).sent;
    world.loader.burst(odd, count)?;
    Wait::seconds(30).until("the burst was sent", || {
        Ok((world.loader.tally(odd).sent >= before + count).then_some(()))
    })?;
    Inflicted::over(format!("{count} records in one go"))
}
