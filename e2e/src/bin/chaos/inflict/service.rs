//! What befalls processes of ours.

use std::time::{Duration, Instant};

use e2e::failure::{Failure, Outcome};
use e2e::service::Service;
use e2e::wait::pace;

use super::{End, Inflicted};
use crate::world::World;

/// How long a replica may take until it is well; in a second fault's presence it may not become so, and the first one
/// goes on.
const WELL_SECONDS: u64 = 20;

/// A zombie gets so long to do harm before its heir leaves.
const HAUNTING: Duration = Duration::from_secs(4);

/// What a service takes to end is bounded: 25 s, and what Docker needs.
const DRAIN_SECONDS: f64 = 30.0;

/// SIGKILL; started again at the end.
pub fn kill(world: &World, service: Service) -> Outcome<Inflicted<'_>> {
    let victim = world.docker.first(service.program())?;
    world.docker.signal(&victim, "KILL")?;
    Inflicted::held(format!("{} is dead", victim.name), move || {
        world.docker.start(&victim)?;
        End::seen("started again")
    })
}

/// SIGTERM; it drains, and is started again at the end.
pub fn terminate(world: &World, service: Service) -> Outcome<Inflicted<'_>> {
    let victim = world.docker.first(service.program())?;
    let began = Instant::now();
    world.docker.docker(&["stop", "-t", "40", &victim.id])?;
    let code = world.docker.inspect(&victim, "{{.State.ExitCode}}")?;
    let seconds = began.elapsed().as_secs_f64();
    let evidence = format!(
        "{} ended with code {code} after {seconds:.1} s",
        victim.name
    );
    Inflicted::held(evidence, move || {
        world.docker.start(&victim)?;
        if seconds > DRAIN_SECONDS {
            let late = format!("{} took {seconds:.1} s to end", victim.name);
            return Err(Failure::new(late));
        }
        End::seen("started again")
    })
}

/// SIGSTOP, while an heir joins and takes over; SIGCONT at the end, and the heir leaves soon after.
pub fn freeze(world: &World, service: Service) -> Outcome<Inflicted<'_>> {
    let docker = &world.docker;
    let zombie = docker.first(service.program())?;
    let has_heir = service != Service::Producer;
    if has_heir {
        docker.scale(service.program(), 2)?;
    }
    docker.signal(&zombie, "STOP")?;
    Inflicted::held(format!("{} is frozen", zombie.name), move || {
        // While other things happen, the heir may not be well; the zombie comes back all the same.
        let others = docker.all(service.program())?.into_iter();
        let well = others.filter(|it| it.id != zombie.id).any(|it| it.healthy);
        docker.signal(&zombie, "CONT")?;
        if !has_heir {
            return End::seen("thawed");
        }
        let heir = if well {
            "its heir"
        } else {
            "an heir who is not well"
        };
        pace(HAUNTING)?;
        docker.scale(service.program(), 1)?;
        End::seen(format!(
            "{} thawed beside {heir}, who has left",
            zombie.name
        ))
    })
}

/// Two of them, each restarted in its turn, as an upgrade does.
pub fn roll(world: &World, service: Service) -> Outcome<Inflicted<'_>> {
    let (docker, program) = (&world.docker, service.program());
    let count = match service {
        // Two producers would only be more traffic.
        Service::Producer => 1,
        _ => 2,
    };
    docker.scale(program, count)?;
    for replica in docker.all(program)? {
        // What is not well in time is not waited for: its successor is restarted all the same.
        let _ = docker.healthy(program, count, WELL_SECONDS);
        docker.docker(&["restart", "-t", "40", &replica.id])?;
    }
    Inflicted::held(format!("{count} restarted in turn"), move || {
        docker.scale(program, 1)?;
        End::seen("one of them is left")
    })
}

/// Three of them; one at the end.
pub fn scale(world: &World, service: Service) -> Outcome<Inflicted<'_>> {
    let (docker, program) = (&world.docker, service.program());
    docker.scale(program, 3)?;
    Inflicted::held("three of them", move || {
        docker.scale(program, 1)?;
        End::seen("one of them is left")
    })
}
