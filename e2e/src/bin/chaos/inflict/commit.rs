//! Connections that break at COMMIT.

use e2e::failure::{Failure, Outcome};
use e2e::wait::Wait;

use super::Inflicted;
use crate::proxy::Cut;
use crate::world::World;

/// So many batches have to lose the answer to their COMMIT.
const BATCHES: usize = 3;

/// Who leases alerts commits, too, and that is cut as well.
const CUTS: usize = 30;

/// What a processor says of a batch whose answer got lost.
const LOST: &str = "answer to a commit lost";

/// Cuts COMMITs of the processor behind the proxy, until three of them were batches of payments.
pub fn cut(world: &World, cut: Cut) -> Outcome<Inflicted<'_>> {
    let lost = || world.docker.said(world.proxied.program(), LOST);
    let (before, mut cuts) = (lost()?, 0);
    while lost()? < before + BATCHES {
        cuts += 1;
        if cuts > CUTS {
            let batches = lost()? - before;
            let few = format!("of {CUTS} COMMITs that were cut only {batches} were of batches");
            return Err(Failure::new(few));
        }
        cut_next(world, cut)?;
    }
    let when = match cut {
        Cut::Before => "before the server saw it",
        Cut::After => "after the server had done it",
    };
    Inflicted::over(format!(
        "{cuts} COMMITs of {} cut {when}, {BATCHES} of batches",
        world.proxied
    ))
}

/// Cuts the next one that comes by.
fn cut_next(world: &World, cut: Cut) -> Outcome {
    let before = world.proxy.cuts();
    world.proxy.order(Some(cut));
    let came = Wait::seconds(60).until("a COMMIT came by and was cut", || {
        Ok((world.proxy.cuts() > before).then_some(()))
    });
    world.proxy.order(None);
    came
}
