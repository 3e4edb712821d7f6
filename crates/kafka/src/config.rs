//! Where the brokers are and how to speak to them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use settings::{Fallback, FromText, Reading, Secret, Variable};

use crate::properties;

const BOOTSTRAP_SERVERS: Variable = Variable::new(
    "KAFKA_BOOTSTRAP_SERVERS",
    "host:port, comma-separated",
    Fallback::Value("localhost:9091,localhost:9092,localhost:9093"),
    "brokers to ask first; the others are found through them",
);
const SECURITY_PROTOCOL: Variable = Variable::new(
    "KAFKA_SECURITY_PROTOCOL",
    "plaintext, ssl, sasl_plaintext or sasl_ssl",
    Fallback::Value("plaintext"),
    "how connections to the brokers are secured",
);
const SASL_MECHANISM: Variable = Variable::new(
    "KAFKA_SASL_MECHANISM",
    "PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512",
    Fallback::Value("SCRAM-SHA-512"),
    "how the user is proved to the brokers, with a sasl_ protocol",
);
const SASL_USERNAME: Variable = Variable::new(
    "KAFKA_SASL_USERNAME",
    "text",
    Fallback::Unset,
    "user, required with a sasl_ protocol",
);
const SASL_PASSWORD: Variable = Variable::new(
    "KAFKA_SASL_PASSWORD",
    "secret",
    Fallback::Unset,
    "password, required with a sasl_ protocol",
);
const SSL_CA_FILE: Variable = Variable::new(
    "KAFKA_SSL_CA_FILE",
    "path of a PEM file",
    Fallback::Unset,
    "authorities that may vouch for the brokers; unset means the system's",
);
const PROPERTY: Variable = Variable::new(
    "KAFKA_PROPERTY_*",
    "text",
    Fallback::Unset,
    "any other librdkafka property: KAFKA_PROPERTY_SOCKET_TIMEOUT_MS sets socket.timeout.ms; those that carry a guarantee are refused",
);

/// How to reach a cluster.
#[derive(Debug, Clone)]
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

/// How connections are secured; each way holds what it needs.
#[derive(Debug, Clone)]
pub enum Security {
    /// Neither encrypted nor proved.
    Plaintext,
    /// Encrypted; the brokers prove who they are.
    Tls(Authorities),
    /// The user proves who he is over an open connection.
    Sasl(Credentials),
    /// Both.
    SaslOverTls(Credentials, Authorities),
}

/// A PEM file with the authorities to trust; `None` means the system's.
pub type Authorities = Option<PathBuf>;

/// What SASL needs.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// How the user is proved.
    pub mechanism: Mechanism,
    /// Who.
    pub username: String,
    /// The proof.
    pub password: Secret,
}

/// A SASL mechanism.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mechanism {
    /// The password travels as it is.
    Plain,
    /// Salted challenge and response with SHA-256.
    ScramSha256,
    /// Salted challenge and response with SHA-512.
    ScramSha512,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Room {
    bootstrap_servers: Option<String>,
    security_protocol: Option<String>,
    sasl_mechanism: Option<String>,
    sasl_username: Option<String>,
    sasl_password: Option<String>,
    sasl_password_file: Option<String>,
    ssl_ca_file: Option<String>,
}

impl Config {
    /// The variables of this room.
    pub const VARIABLES: &[Variable] = &[
        BOOTSTRAP_SERVERS,
        SECURITY_PROTOCOL,
        SASL_MECHANISM,
        SASL_USERNAME,
        SASL_PASSWORD,
        SSL_CA_FILE,
        PROPERTY,
    ];

    /// Reads the room; `None` when a problem was noted.
    pub fn read(reading: &mut Reading<'_>) -> Option<Self> {
        let room: Room = reading.room("KAFKA_");
        let bootstrap_servers =
            reading.parse::<Servers>(&BOOTSTRAP_SERVERS, room.bootstrap_servers);
        let protocol = reading.parse::<Protocol>(&SECURITY_PROTOCOL, room.security_protocol);
        let mechanism = reading.parse::<Mechanism>(&SASL_MECHANISM, room.sasl_mechanism);
        let username = reading.optional::<String>(&SASL_USERNAME, room.sasl_username);
        let password = reading.secret(&SASL_PASSWORD, room.sasl_password, room.sasl_password_file);
        let authorities = reading.optional::<PathBuf>(&SSL_CA_FILE, room.ssl_ca_file);
        let properties = properties::read(reading, &PROPERTY);

        let credentials = |reading: &mut Reading<'_>,
                           mechanism,
                           username: Option<String>,
                           password: Option<Secret>| {
            if username.is_none() {
                reading.refuse(
                    &SASL_USERNAME,
                    "",
                    "the user's name, since KAFKA_SECURITY_PROTOCOL asks for SASL",
                );
            }
            if password.is_none() {
                reading.refuse(
                    &SASL_PASSWORD,
                    "",
                    "the password, since KAFKA_SECURITY_PROTOCOL asks for SASL",
                );
            }
            Some(Credentials {
                mechanism,
                username: username?,
                password: password?,
            })
        };
        let protocol = protocol?;
        if protocol.needs_tls(mechanism) && !cfg!(feature = "tls") {
            let expected = "plaintext, or sasl_plaintext with PLAIN: this program was built without TLS; the images have it, and so has a build with `--features tls`";
            reading.refuse(&SECURITY_PROTOCOL, protocol.name(), expected);
            return None;
        }
        let security = match protocol {
            Protocol::Plaintext => Security::Plaintext,
            Protocol::Ssl => Security::Tls(authorities?),
            Protocol::SaslPlaintext => {
                Security::Sasl(credentials(reading, mechanism?, username?, password?)?)
            }
            Protocol::SaslSsl => Security::SaslOverTls(
                credentials(reading, mechanism?, username?, password?)?,
                authorities?,
            ),
        };
        Some(Self {
            bootstrap_servers: bootstrap_servers?.0,
            security,
            properties: properties?,
            embedded: false,
        })
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

#[derive(Clone, Copy)]
enum Protocol {
    Plaintext,
    Ssl,
    SaslPlaintext,
    SaslSsl,
}

impl Protocol {
    /// SCRAM is computed by OpenSSL, so it needs the same build as TLS.
    fn needs_tls(self, mechanism: Option<Mechanism>) -> bool {
        match self {
            Self::Plaintext => false,
            Self::Ssl | Self::SaslSsl => true,
            Self::SaslPlaintext => mechanism != Some(Mechanism::Plain),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Plaintext => "plaintext",
            Self::Ssl => "ssl",
            Self::SaslPlaintext => "sasl_plaintext",
            Self::SaslSsl => "sasl_ssl",
        }
    }
}

impl FromText for Protocol {
    const EXPECTED: &'static str = "plaintext, ssl, sasl_plaintext or sasl_ssl";

    fn from_text(text: &str) -> Option<Self> {
        let all = [
            Self::Plaintext,
            Self::Ssl,
            Self::SaslPlaintext,
            Self::SaslSsl,
        ];
        all.into_iter()
            .find(|protocol| protocol.name().eq_ignore_ascii_case(text))
    }
}

impl Mechanism {
    /// The name that SASL knows it by.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha512 => "SCRAM-SHA-512",
        }
    }
}

impl FromText for Mechanism {
    const EXPECTED: &'static str = "PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512";

    fn from_text(text: &str) -> Option<Self> {
        [Self::Plain, Self::ScramSha256, Self::ScramSha512]
            .into_iter()
            .find(|mechanism| mechanism.name().eq_ignore_ascii_case(text))
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
    fn sasl_without_user_and_password_names_both() {
        let problems = read(&[
            ("KAFKA_SECURITY_PROTOCOL", "sasl_plaintext"),
            ("KAFKA_SASL_MECHANISM", "PLAIN"),
        ])
        .unwrap_err();
        assert!(problems.contains("KAFKA_SASL_USERNAME"), "{problems}");
        assert!(problems.contains("KAFKA_SASL_PASSWORD"), "{problems}");
    }

    #[test]
    fn the_password_is_in_no_debug_output() {
        let config = read(&[
            ("KAFKA_SECURITY_PROTOCOL", "SASL_PLAINTEXT"),
            ("KAFKA_SASL_MECHANISM", "plain"),
            ("KAFKA_SASL_USERNAME", "fraud"),
            ("KAFKA_SASL_PASSWORD", "hunter2"),
        ])
        .unwrap();
        assert!(matches!(config.security, Security::Sasl(_)));
        assert!(!format!("{config:?}").contains("hunter2"));
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

    #[cfg(not(feature = "tls"))]
    #[test]
    fn a_build_without_tls_says_so() {
        let problems = read(&[("KAFKA_SECURITY_PROTOCOL", "ssl")]).unwrap_err();
        assert!(problems.contains("built without TLS"), "{problems}");
    }
}
