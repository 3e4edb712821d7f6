//! Packets that get lost, in the network namespaces of our own containers.

use std::collections::BTreeSet;

use e2e::failure::{Failure, Outcome};
use e2e::service::Service;

use super::{End, Inflicted};
use crate::world::{BROKERS, MYSQL, PACKETS, World};

/// Since when a container runs, and nothing when it does not.
const STARTED: &str = "{{if .State.Running}}{{.State.StartedAt}}{{end}}";

/// Lets everything pass.
const CONNECT: &str = "iptables -F";

/// How many packets were dropped.
const COUNT: &str =
    "iptables -nvxL | awk '$3 == \"DROP\" { dropped += $1 } END { print dropped + 0 }'";

/// Nothing passes between a service and one broker, of those that lead partitions of its topic.
pub fn from_broker(world: &World, service: Service, dice: usize) -> Outcome<Inflicted<'_>> {
    let leaders = world
        .system
        .kafka
        .leaders(world.system.names.topic(service))?;
    let leaders: BTreeSet<i32> = leaders.into_iter().filter(|leader| *leader > 0).collect();
    let leader = leaders.iter().nth(dice % leaders.len().max(1));
    let leader = leader.ok_or_else(|| Failure::new("no broker leads a partition"))?;
    let broker = format!("kafka-{leader}");
    let peer = world.docker.address(&world.docker.first(&broker)?)?;
    cut(world, service, &broker, &[(peer, None)])
}

/// Nothing passes between a service and any broker.
pub fn from_brokers(world: &World, service: Service) -> Outcome<Inflicted<'_>> {
    let peers = BROKERS.iter().map(|broker| {
        let broker = world.docker.first(broker)?;
        Ok((world.docker.address(&broker)?, None))
    });
    cut(
        world,
        service,
        "all brokers",
        &peers.collect::<Outcome<Vec<_>>>()?,
    )
}

/// Nothing passes between a processor and MySQL, or the proxy in front of it.
pub fn from_database(world: &World, service: Service) -> Outcome<Inflicted<'_>> {
    let peer = match service == world.proxied {
        // The proxy's host has a receiver of alerts, too, which is none of this.
        true => (world.gateway.clone(), Some(world.proxy.address.port())),
        false => (world.docker.address(&world.docker.first(MYSQL)?)?, None),
    };
    cut(world, service, MYSQL, &[peer])
}

/// Drops everything between a service and these addresses, or one port there.
fn cut<'w>(
    world: &'w World,
    service: Service,
    whom: &str,
    peers: &[(String, Option<u16>)],
) -> Outcome<Inflicted<'w>> {
    let victim = world.docker.first(service.program())?;
    let network = format!("container:{}", victim.id);
    let rules: Vec<String> = peers
        .iter()
        .map(|(address, port)| {
            let (from, to) = match port {
                Some(port) => (format!("-p tcp --sport {port}"), format!("-p tcp --dport {port}")),
                None => (String::new(), String::new()),
            };
            format!("iptables -A INPUT -s {address} {from} -j DROP && iptables -A OUTPUT -d {address} {to} -j DROP")
        })
        .collect();
    let began = world.docker.inspect(&victim, STARTED)?;
    if let Err(failure) = within(world, &network, &rules.join(" && ")) {
        within(world, &network, CONNECT)?;
        return Err(failure);
    }
    let evidence = format!("{} is cut off from {whom}", victim.name);
    Inflicted::held(evidence, move || {
        // A container that ended meanwhile took its rules along.
        if world.docker.inspect(&victim, STARTED)? != began {
            let ended = format!("{} has ended, and the cut with it", victim.name);
            return Err(Failure::new(ended));
        }
        let dropped = within(world, &network, &format!("{COUNT} && {CONNECT}"))?;
        match dropped.trim() {
            "0" => Ok(End::Unnoticed("no packet was dropped".to_owned())),
            dropped => End::seen(format!("connected again, {dropped} packets were dropped")),
        }
    })
}

/// Runs a command in the network of a container, and says what it printed.
fn within(world: &World, network: &str, command: &str) -> Outcome<String> {
    let run = [
        "run",
        "--rm",
        "--network",
        network,
        "--cap-drop",
        "ALL",
        "--cap-add",
        "NET_ADMIN",
    ];
    let run = [
        &run[..],
        &["--cap-add", "NET_RAW", PACKETS, "sh", "-c", command],
    ]
    .concat();
    world.docker.docker(&run)
}
