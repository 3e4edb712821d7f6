//! How connections to the brokers are secured.

use serde::Deserialize;
use settings::{CertificateFile, Fallback, FromText, Reading, Secret, Variable};

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
    "how the user is authenticated, with a sasl_ protocol",
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
    "CA certificates trusted for the brokers; unset: the system's",
);

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
pub type Authorities = Option<CertificateFile>;

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

#[derive(Clone, Copy)]
enum Protocol {
    Plaintext,
    Ssl,
    SaslPlaintext,
    SaslSsl,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Room {
    security_protocol: Option<String>,
    sasl_mechanism: Option<String>,
    sasl_username: Option<String>,
    sasl_password: Option<String>,
    sasl_password_file: Option<String>,
    ssl_ca_file: Option<String>,
}

impl Security {
    /// The variables of this room, in the order of `--help`.
    pub(super) const VARIABLES: [Variable; 5] = [
        SECURITY_PROTOCOL,
        SASL_MECHANISM,
        SASL_USERNAME,
        SASL_PASSWORD,
        SSL_CA_FILE,
    ];

    /// Reads the room; `None` when a problem was noted.
    pub(super) fn read(reading: &mut Reading<'_>) -> Option<Self> {
        let room: Room = reading.room("KAFKA_");
        let protocol = reading.parse::<Protocol>(&SECURITY_PROTOCOL, room.security_protocol);
        let mechanism = reading.parse::<Mechanism>(&SASL_MECHANISM, room.sasl_mechanism);
        let username = reading.optional::<String>(&SASL_USERNAME, room.sasl_username);
        let password = reading.secret(&SASL_PASSWORD, room.sasl_password, room.sasl_password_file);
        let authorities = reading.optional::<CertificateFile>(&SSL_CA_FILE, room.ssl_ca_file);

        let protocol = protocol?;
        if protocol.needs_tls(mechanism) && !cfg!(feature = "tls") {
            let expected = "plaintext, or sasl_plaintext with PLAIN: this program was built without TLS; the images have it, and so has a build with `--features tls`";
            reading.refuse(&SECURITY_PROTOCOL, protocol.name(), expected);
            return None;
        }
        let (mechanism, username, password, authorities) =
            (mechanism?, username?, password?, authorities?);
        let credentials = protocol.credentials(reading, mechanism, username, password);
        let authorities = protocol.authorities(reading, authorities);
        let (credentials, authorities) = (credentials?, authorities?);
        Some(match (credentials, protocol.encrypts()) {
            (None, false) => Self::Plaintext,
            (None, true) => Self::Tls(authorities),
            (Some(credentials), false) => Self::Sasl(credentials),
            (Some(credentials), true) => Self::SaslOverTls(credentials, authorities),
        })
    }

    /// Whether anybody on the way to the brokers can read the password.
    pub(crate) fn shows_the_password(&self) -> bool {
        matches!(self, Self::Sasl(credentials) if credentials.mechanism == Mechanism::Plain)
    }

    /// Who asks, if the brokers are told.
    pub(super) fn credentials(&self) -> Option<&Credentials> {
        match self {
            Self::Plaintext | Self::Tls(_) => None,
            Self::Sasl(credentials) | Self::SaslOverTls(credentials, _) => Some(credentials),
        }
    }
}

impl Protocol {
    fn encrypts(self) -> bool {
        matches!(self, Self::Ssl | Self::SaslSsl)
    }

    fn asks_for_sasl(self) -> bool {
        matches!(self, Self::SaslPlaintext | Self::SaslSsl)
    }

    /// SCRAM is computed by OpenSSL, so it needs the same build as TLS.
    fn needs_tls(self, mechanism: Option<Mechanism>) -> bool {
        self.encrypts() || (self.asks_for_sasl() && mechanism != Some(Mechanism::Plain))
    }

    fn name(self) -> &'static str {
        match self {
            Self::Plaintext => "plaintext",
            Self::Ssl => "ssl",
            Self::SaslPlaintext => "sasl_plaintext",
            Self::SaslSsl => "sasl_ssl",
        }
    }

    /// The credentials, where the protocol asks for them. Nobody who gives some wants them to be left out in silence.
    fn credentials(
        self,
        reading: &mut Reading<'_>,
        mechanism: Mechanism,
        username: Option<String>,
        password: Option<Secret>,
    ) -> Option<Option<Credentials>> {
        let name = self.name();
        if !self.asks_for_sasl() {
            let expected = format!("nothing, since KAFKA_SECURITY_PROTOCOL={name} proves no user");
            if let Some(username) = &username {
                reading.refuse(&SASL_USERNAME, username, expected.as_str());
            }
            if password.is_some() {
                reading.refuse(&SASL_PASSWORD, "", expected);
            }
            return (username.is_none() && password.is_none()).then_some(None);
        }
        if username.is_none() {
            let expected = "the user's name, since KAFKA_SECURITY_PROTOCOL asks for SASL";
            reading.refuse(&SASL_USERNAME, "", expected);
        }
        if password.is_none() {
            let expected = "the password, since KAFKA_SECURITY_PROTOCOL asks for SASL";
            reading.refuse(&SASL_PASSWORD, "", expected);
        }
        Some(Some(Credentials {
            mechanism,
            username: username?,
            password: password?,
        }))
    }

    /// The authorities, where the protocol encrypts. Whoever names some takes the payments to be encrypted.
    fn authorities(
        self,
        reading: &mut Reading<'_>,
        authorities: Authorities,
    ) -> Option<Authorities> {
        match authorities {
            Some(file) if !self.encrypts() => {
                let name = self.name();
                let expected =
                    format!("nothing, since KAFKA_SECURITY_PROTOCOL={name} does not encrypt");
                reading.refuse(&SSL_CA_FILE, &file.path().to_string_lossy(), expected);
                None
            }
            authorities => Some(authorities),
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
mod tests;
