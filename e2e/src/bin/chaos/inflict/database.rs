//! What befalls MySQL.

use e2e::failure::Outcome;

use super::Inflicted;
use crate::world::{MYSQL, World};

/// SIGKILL; started again at the end.
pub fn kill(world: &World) -> Outcome<Inflicted<'_>> {
    let victim = world.docker.first(MYSQL)?;
    world.docker.signal(&victim, "KILL")?;
    Inflicted::held("MySQL is dead", move || super::start(world, &[victim]))
}

/// SIGSTOP for the whole container; connections stay open.
pub fn pause(world: &World) -> Outcome<Inflicted<'_>> {
    let victim = world.docker.first(MYSQL)?;
    world.docker.pause(&victim)?;
    Inflicted::held("MySQL is frozen", move || super::thaw(world, &victim))
}

/// Ends in good order, and comes back at once.
pub fn restart(world: &World) -> Outcome<Inflicted<'_>> {
    let victim = world.docker.first(MYSQL)?;
    world.docker.docker(&["restart", "-t", "60", &victim.id])?;
    Inflicted::over("MySQL was restarted")
}
