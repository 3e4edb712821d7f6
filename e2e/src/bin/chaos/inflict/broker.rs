//! What befalls brokers.

use std::time::Duration;

use e2e::failure::{Failure, Outcome};
use e2e::service::Service;
use e2e::wait::Wait;

use super::{End, Inflicted};
use crate::docker::Container;
use crate::world::{BROKERS, World};

/// Any of the three.
pub fn any(dice: usize) -> &'static str {
    BROKERS[dice % BROKERS.len()]
}

/// SIGKILL, at once; started again at the end.
pub fn kill<'w>(world: &'w World, brokers: &[&str]) -> Outcome<Inflicted<'w>> {
    let victims = brokers.iter().map(|broker| world.docker.first(broker));
    let victims: Vec<Container> = victims.collect::<Outcome<_>>()?;
    let ids = victims.iter().map(|victim| victim.id.as_str());
    let mut arguments = vec!["kill", "--signal", "KILL"];
    arguments.extend(ids);
    world.docker.docker(&arguments)?;
    Inflicted::held(format!("{} dead", brokers.join(" and ")), move || {
        super::start(world, &victims)
    })
}

/// Kills the broker that keeps the transactions of the detector's first worker.
pub fn kill_transaction_coordinator(world: &World) -> Outcome<Inflicted<'_>> {
    let detector = world.docker.first(Service::Detector.program())?;
    // GROUP-INSTANCE-WORKER; a container's host name is the start of its id.
    let instance = world.docker.inspect(&detector, "{{.Config.Hostname}}")?;
    let group = world.system.names.group(Service::Detector);
    let id = format!("{group}-{instance}-0");
    kill(world, &[&coordinator(world, "__transaction_state", &id)?])
}

/// Kills the broker that keeps the detector's group.
pub fn kill_group_coordinator(world: &World) -> Outcome<Inflicted<'_>> {
    let group = world.system.names.group(Service::Detector);
    kill(world, &[&coordinator(world, "__consumer_offsets", &group)?])
}

/// SIGSTOP for the whole container; connections stay open.
pub fn pause<'w>(world: &'w World, broker: &str) -> Outcome<Inflicted<'w>> {
    let victim = world.docker.first(broker)?;
    world.docker.pause(&victim)?;
    Inflicted::held(format!("{broker} is frozen"), move || {
        super::thaw(world, &victim)
    })
}

/// Topics want three copies, and one broker leaves in good order: there is a quorum, and nobody takes a record.
pub fn too_few_replicas(world: &World, dice: usize) -> Outcome<Inflicted<'_>> {
    let victim = world.docker.first(any(dice + 1))?;
    let there = Inflicted::held(format!("{} has left", victim.name), {
        let victim = victim.clone();
        move || {
            world.docker.start(&victim)?;
            want_copies(world, any(dice), 2)?;
            End::seen("two copies are enough again")
        }
    })?;
    let nothing = want_copies(world, any(dice), 3)
        .and_then(|()| world.docker.docker(&["stop", "-t", "30", &victim.id]))
        .and_then(|_| nothing_is_acknowledged(world));
    match nothing {
        Ok(()) => Ok(there),
        Err(failure) => {
            there.end()?;
            Err(failure)
        }
    }
}

fn nothing_is_acknowledged(world: &World) -> Outcome {
    // What was acknowledged on the way is let through.
    let mut before = u64::MAX;
    Wait::seconds(30).every(Duration::from_secs(2)).until(
        "nothing is acknowledged any more",
        || {
            let acked = world.loader.acked();
            let nothing = acked == before;
            before = acked;
            Ok(nothing.then_some(()))
        },
    )
}

/// How many copies the topics of payments want before a record is acknowledged.
fn want_copies(world: &World, through: &str, copies: u8) -> Outcome {
    let (broker, names) = (world.docker.first(through)?, &world.system.names);
    for topic in [&names.payments, &names.legit] {
        let setting = format!("min.insync.replicas={copies}");
        // A heap of its own, since the broker's is all that its container may have.
        world.docker.docker(&[
            "exec",
            "--env",
            "KAFKA_HEAP_OPTS=-Xmx64m",
            &broker.id,
            "/opt/kafka/bin/kafka-configs.sh",
            "--bootstrap-server",
            "127.0.0.1:19092",
            "--alter",
            "--entity-type",
            "topics",
            "--entity-name",
            topic,
            "--add-config",
            &setting,
        ])?;
    }
    Ok(())
}

/// The broker that leads the partition in which Kafka keeps something by its name.
fn coordinator(world: &World, topic: &str, name: &str) -> Outcome<String> {
    let leaders = world.system.kafka.leaders(topic)?;
    let hash = java_hash(name) & i32::MAX;
    let partition = hash.unsigned_abs() as usize % leaders.len().max(1);
    match leaders.get(partition) {
        Some(leader @ 1..) => Ok(format!("kafka-{leader}")),
        _ => Err(Failure::new(format!(
            "partition {partition} of {topic} has no leader"
        ))),
    }
}

/// Java's `String.hashCode`, by which Kafka finds a coordinator.
fn java_hash(text: &str) -> i32 {
    let units = text.encode_utf16();
    units.fold(0_i32, |hash, unit| {
        hash.wrapping_mul(31).wrapping_add(i32::from(unit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_javas() {
        assert_eq!(java_hash(""), 0);
        assert_eq!(java_hash("hello"), 99_162_322);
        assert_eq!(java_hash("polygenelubricants"), i32::MIN);
    }
}
