//! What befalls whoever takes the alerts.

use e2e::failure::Outcome;

use super::{End, Inflicted};
use crate::receiver::Mood;
use crate::world::World;

/// It answers like this until the end.
pub fn turn(world: &World, mood: Mood) -> Outcome<Inflicted<'_>> {
    let before = world.receiver.requests();
    world.receiver.turn(mood);
    Inflicted::held(format!("the receiver is {mood:?}"), move || {
        world.receiver.turn(Mood::Well);
        let came = world.receiver.requests() - before;
        match came {
            0 if mood != Mood::Down => Ok(End::Unnoticed("no alert came meanwhile".to_owned())),
            came => End::seen(format!("{came} alerts came meanwhile")),
        }
    })
}
