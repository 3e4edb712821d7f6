//! Packets that get lost, in the network namespaces of our own containers.

use e2e::failure::Outcome;
use e2e::service::Service;

use super::{Inflicted, broker};
use crate::world::{BROKERS, MYSQL, PACKETS, World};

/// Nothing passes between a service and one broker.
pub fn from_broker(world: &World, service: Service, dice: usize) -> Outcome<Inflicted<'_>> {
    let broker = broker::any(dice);
    let peer = world.docker.address(&world.docker.first(broker)?)?;
    cut(world, service, broker, &[(peer, None)])
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
    within(world, &network, &rules.join(" && "))?;
    let evidence = format!("{} is cut off from {whom}", victim.name);
    Inflicted::held(evidence, move || {
        // A container that ended meanwhile took its rules along.
        match world
            .docker
            .inspect(&victim, "{{.State.Running}}")?
            .as_str()
        {
            "true" => within(world, &network, "iptables -F").map(|()| "connected again".to_owned()),
            _ => Ok(format!("{} has ended meanwhile", victim.name)),
        }
    })
}

fn within(world: &World, network: &str, command: &str) -> Outcome {
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
    world.docker.docker(&run).map(drop)
}
