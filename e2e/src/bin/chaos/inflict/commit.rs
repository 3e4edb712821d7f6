//! Connections that break at COMMIT.

use e2e::failure::Outcome;
use e2e::wait::Wait;

use super::Inflicted;
use crate::proxy::Cut;
use crate::world::World;

/// Cuts the next COMMIT of the processor behind the proxy, three times.
pub fn cut(world: &World, cut: Cut) -> Outcome<Inflicted<'_>> {
    const TIMES: u64 = 3;
    for _ in 0..TIMES {
        let before = world.proxy.cuts();
        world.proxy.order(cut);
        Wait::seconds(60).until("a COMMIT came by and was cut", || {
            Ok((world.proxy.cuts() > before).then_some(()))
        })?;
    }
    let when = match cut {
        Cut::Before => "before the server saw it",
        Cut::After => "after the server had done it",
    };
    Inflicted::over(format!("{TIMES} COMMITs of {} cut {when}", world.proxied))
}
