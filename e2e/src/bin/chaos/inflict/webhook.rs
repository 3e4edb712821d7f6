//! What befalls whoever takes the alerts.

use e2e::failure::Outcome;

use super::{End, Inflicted};
use crate::receiver::Mood;
use crate::recovery::PENDING;
use crate::world::World;

/// It answers like this until the end.
pub fn turn(world: &World, mood: Mood) -> Outcome<Inflicted<'_>> {
    let before = world.receiver.requests();
    world.receiver.turn(mood);
    Inflicted::held(format!("the receiver is {mood:?}"), move || {
        // Nobody comes where nobody listens, but alerts wait. Asked before they are delivered.
        let waiting = world.system.database.count(PENDING);
        world.receiver.turn(Mood::Well);
        match (mood, world.receiver.requests() - before) {
            (Mood::Down, _) => match waiting {
                Ok(0) => Ok(End::Unnoticed("no alert waited".to_owned())),
                Ok(waiting) => End::seen(format!("{waiting} alerts waited")),
                Err(failure) => Ok(End::Unnoticed(failure.to_string())),
            },
            (_, 0) => Ok(End::Unnoticed("no alert came meanwhile".to_owned())),
            (_, came) => End::seen(format!("{came} alerts came meanwhile")),
        }
    })
}
