//! Where the brokers are and how to speak to them.

mod security;

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use settings::{Fallback, FromText, Reading, Variable};

use crate::properties;
pub use security::{Authorities, Credentials, Mechanism, Security};

const BOOTSTRAP_SERVERS: Variable = Variable::new(
    "KAFKA_BOOTSTRAP_SERVERS",
    "host:port, comma-separated",
    Fallback::Value("localhost:9091,localhost:9092,localhost:9093"),
    "initial brokers; the rest of the cluster is discovered through them",
);
const PROPERTY: Variable = Variable::new(
    "KAFKA_PROPERTY_*",
    "text",
    Fallback::Unset,
    "any other librdkafka property: KAFKA_PROPERTY_SOCKET_TIMEOUT_MS sets socket.timeout.ms; those that carry a guarantee are refused",
);

/// How to reach a cluster.
#[derive(Clone)]
pub struct Config {
    /// Brokers to ask first, comma-separated.
    pub bootstrap_servers: String,
    /// How connections are secured.
    pub security: Security,
    /// librdkafka properties that the operator adds, by their librdkafka name.
    pub properties: BTreeMap<String, String>,
    /// The cluster is the embedded one, which acknowledges a transaction's offsets and throws them away.
    pub embedded: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Room {
    bootstrap_servers: Option<String>,
}

impl Config {
    /// The variables of this room.
    pub const VARIABLES: &[Variable] = {
        let [protocol, mechanism, username, password, authorities] = Security::VARIABLES;
        &[
            BOOTSTRAP_SERVERS,
            protocol,
            mechanism,
            username,
            password,
            authorities,
            PROPERTY,
        ]
    };

    /// Reads the room; `None` when a problem was noted.
    pub fn read(reading: &mut Reading<'_>) -> Option<Self> {
        let room: Room = reading.room("KAFKA_");
        let bootstrap_servers =
            reading.parse::<Servers>(&BOOTSTRAP_SERVERS, room.bootstrap_servers);
        let security = Security::read(reading);
        let properties = properties::read(reading, &PROPERTY);
        Some(Self {
            bootstrap_servers: bootstrap_servers?.0,
            security: security?,
            properties: properties?,
            embedded: false,
        })
    }

    /// The brokers to ask first and who asks them, for sentences about connections.
    pub(crate) fn address(&self) -> String {
        let servers = &self.bootstrap_servers;
        match self.security.credentials() {
            None => servers.clone(),
            Some(Credentials {
                username,
                mechanism,
                ..
            }) => {
                format!("{servers} as user {username} with {}", mechanism.name())
            }
        }
    }

    /// A cluster without security at these brokers.
    pub fn plaintext(bootstrap_servers: impl Into<String>) -> Self {
        Self {
            bootstrap_servers: bootstrap_servers.into(),
            security: Security::Plaintext,
            properties: BTreeMap::new(),
            embedded: false,
        }
    }
}

/// Properties by name alone: some hold passwords, and only the operator knows which.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("bootstrap_servers", &self.bootstrap_servers)
            .field("security", &self.security)
            .field("properties", &self.properties.keys())
            .field("embedded", &self.embedded)
            .finish()
    }
}

/// `host:port`, comma-separated.
struct Servers(String);

impl FromText for Servers {
    const EXPECTED: &'static str = "one or more host:port, comma-separated";

    fn from_text(text: &str) -> Option<Self> {
        let servers: Vec<&str> = text.split(',').map(str::trim).collect();
        let whole = |server: &&str| {
            server.rsplit_once(':').is_some_and(|(host, port)| {
                !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0)
            })
        };
        servers.iter().all(whole).then(|| Self(servers.join(",")))
    }
}

#[cfg(test)]
mod tests {
    use settings::Environment;

    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Config, String> {
        let environment = Environment::from_iter(variables.iter().copied());
        let mut reading = Reading::new(&environment);
        let config = Config::read(&mut reading);
        reading
            .finish(config, &[Config::VARIABLES], &["KAFKA_"])
            .map(|(config, _)| config)
            .map_err(|problems| problems.to_string())
    }

    #[test]
    fn without_variables_it_is_the_replaced_systems_brokers_in_the_clear() {
        let config = read(&[]).unwrap();
        assert_eq!(
            config.bootstrap_servers,
            "localhost:9091,localhost:9092,localhost:9093"
        );
        assert!(matches!(config.security, Security::Plaintext));
    }

    #[test]
    fn values_of_properties_are_in_no_debug_output() {
        let config = read(&[("KAFKA_PROPERTY_CLIENT_RACK", "hunter2")]).unwrap();
        let shown = format!("{config:?}");
        assert!(shown.contains("client.rack") && !shown.contains("hunter2"));
    }

    #[test]
    fn servers_without_a_port_are_refused() {
        for servers in ["broker", "broker:", ":9092", "a:1,b", "a:0", "a:1,,b:2"] {
            assert!(
                read(&[("KAFKA_BOOTSTRAP_SERVERS", servers)]).is_err(),
                "{servers}"
            );
        }
        assert_eq!(
            read(&[("KAFKA_BOOTSTRAP_SERVERS", "a:1, b:2")])
                .unwrap()
                .bootstrap_servers,
            "a:1,b:2"
        );
    }
}
