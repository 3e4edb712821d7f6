//! MySQL's disk is full for a while: nothing can be stored, and nothing may be given up.

use std::time::{Duration, Instant};

use e2e::failure::{Failure, Outcome};
use e2e::service::Service;
use e2e::wait::{Wait, pace};

use crate::recovery;
use crate::verdict::{self, Verdict};
use crate::world::World;

/// Payments flow for so long before.
const FLOW: Duration = Duration::from_secs(15);

/// Nothing is stored for so long: longer than any batch is tried before its trouble is told.
const FULL: Duration = Duration::from_secs(60);

/// MySQL itself looks for room once a minute.
const RECOVERY: Duration = Duration::from_secs(90);

/// The container that holds the disk.
pub const KEEPER: &str = "keeper";

/// What takes the room.
const BALLAST: &str = "/keep/ballast";

/// Fills the disk, holds it, makes room, and counts.
pub fn run(world: &mut World, unknown_percent: usize) -> Outcome<Verdict> {
    pace(FLOW)?;
    fill(world)?;
    let journal = &world.journal;
    let mut last = world.system.stored()?;
    Wait::seconds(60)
        .every(Duration::from_secs(5))
        .until("nothing is stored any more", || {
            // What MySQL takes for its own is filled up, too.
            fill(world)?;
            let stored = world.system.stored()?;
            let nothing = stored == std::mem::replace(&mut last, stored);
            Ok(nothing.then_some(()))
        })?;
    journal.say(format_args!(
        "nothing is stored any more: {}",
        world.system.standings()
    ));
    pace(FULL)?;
    let lags = world.system.standings();
    let stored = world.system.stored()?;
    journal.check(
        stored == last,
        format_args!(
            "{stored} rows, still {last} after {} s: {lags}",
            FULL.as_secs()
        ),
    );
    for service in [Service::Fraud, Service::Legit] {
        let container = world.docker.first(service.program())?;
        let ended = world.docker.inspect(&container, "{{.RestartCount}}")?;
        journal.check(
            ended == "0" && container.running,
            format_args!("{service} is alive, and ended {ended} times"),
        );
    }
    inside(world, &format!("rm -f {BALLAST}*"))?;
    journal.say("there is room again");
    let ended = Instant::now();
    let recovery = recovery::wait(world, ended)?;
    let recovery = recovery.ok_or_else(|| Failure::new("all is well: not in time"))?;
    world.journal.check(
        recovery <= RECOVERY,
        format_args!(
            "well {:.1} s after the end (limit {} s)",
            recovery.as_secs_f64(),
            RECOVERY.as_secs()
        ),
    );
    verdict::reach(world, unknown_percent, false)
}

/// Writes until there is no room.
fn fill(world: &World) -> Outcome {
    inside(
        world,
        &format!("head --bytes=2G /dev/zero > {BALLAST}.$(date +%s%N) || true"),
    )
}

/// In the container that holds the disk: files in memory count against the limit of whoever writes them.
fn inside(world: &World, command: &str) -> Outcome {
    let keeper = world.docker.first(KEEPER)?;
    let exec = ["exec", &keeper.id, "sh", "-c", command];
    world.docker.docker(&exec).map(drop)
}
