//! What befalls processes of ours.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use e2e::failure::Outcome;
use e2e::service::Service;
use e2e::wait::{Wait, pace};

use super::{End, Inflicted};
use crate::world::World;

/// How long a replica may take until it is well; in a second fault's presence it may not become so, and the first one
/// goes on.
const WELL_SECONDS: u64 = 20;

/// Where a container is in the project's network.
const ADDRESS: &str = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";

/// A zombie gets so long to do harm before its heir leaves.
const HAUNTING: Duration = Duration::from_secs(4);

/// A replica joins its group, or is missed by it, in so many seconds more; otherwise nobody has noticed.
const NOTICED_SECONDS: u64 = 20;

/// SIGKILL; started again at the end.
pub fn kill(world: &World, service: Service) -> Outcome<Inflicted<'_>> {
    let victim = world.docker.first(service.program())?;
    world.docker.signal(&victim, "KILL")?;
    Inflicted::held(format!("{} is dead", victim.name), move || {
        super::start(world, &[victim])
    })
}

/// SIGTERM; it drains, and is started again at the end. Whether it drained well is asked of all that end.
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
    Inflicted::held(evidence, move || super::start(world, &[victim]))
}

/// SIGSTOP, while an heir joins and takes over; SIGCONT at the end, and the heir leaves soon after.
pub fn freeze(world: &World, service: Service) -> Outcome<Inflicted<'_>> {
    let docker = &world.docker;
    let zombie = docker.first(service.program())?;
    let has_heir = service != Service::Producer;
    if has_heir {
        docker.scale(service.program(), 2)?;
    }
    let address = docker.inspect(&zombie, ADDRESS)?;
    docker.signal(&zombie, "STOP")?;
    Inflicted::held(format!("{} is frozen", zombie.name), move || {
        // While other things happen, the heir may not be well; the zombie comes back all the same.
        let others = docker.all(service.program())?.into_iter();
        let well = others.filter(|it| it.id != zombie.id).any(|it| it.healthy);
        let replaced = has_heir
            && group_has(world, service, |hosts| {
                !hosts.is_empty() && !hosts.contains(&address)
            });
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
        if !replaced {
            let kept = format!("{} was in its group all the time", zombie.name);
            return Ok(End::Unnoticed(kept));
        }
        End::seen(format!(
            "{} thawed beside {heir}, who had its partitions and has left",
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
    let mut shared = count == 1;
    for replica in docker.all(program)? {
        // What is not well in time is not waited for: its successor is restarted all the same.
        let _ = docker.healthy(program, count, WELL_SECONDS);
        shared = shared || group_has(world, service, |hosts| hosts.len() >= count);
        docker.docker(&["restart", "-t", "40", &replica.id])?;
    }
    Inflicted::held(format!("{count} restarted in turn"), move || {
        docker.scale(program, 1)?;
        match shared {
            true => End::seen("both had partitions; one of them is left"),
            false => Ok(End::Unnoticed("never were both in the group".to_owned())),
        }
    })
}

/// Three of them; one at the end.
pub fn scale(world: &World, service: Service) -> Outcome<Inflicted<'_>> {
    let (docker, program) = (&world.docker, service.program());
    docker.scale(program, 3)?;
    Inflicted::held("three of them", move || {
        let shared = group_has(world, service, |hosts| hosts.len() >= 3);
        docker.scale(program, 1)?;
        match shared {
            true => End::seen("all were in the group; one of them is left"),
            false => Ok(End::Unnoticed("never were all in the group".to_owned())),
        }
    })
}

/// Whether the hosts of a service's group become so in time. Brokers that do not answer say nothing.
fn group_has(world: &World, service: Service, so: impl Fn(&BTreeSet<String>) -> bool) -> bool {
    let (kafka, group) = (&world.system.kafka, world.system.names.group(service));
    let noticed = Wait::seconds(NOTICED_SECONDS)
        .every(Duration::from_millis(250))
        .until("the group has noticed", || {
            Ok(kafka
                .hosts(&group)
                .is_ok_and(|hosts| so(&hosts))
                .then_some(()))
        });
    noticed.is_ok()
}
