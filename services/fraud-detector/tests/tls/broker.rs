//! The broker that `make test-tls` started, and what it wants to see.

use service::testing::TlsServers;

/// TLS alone. The broker's certificate names this host.
pub const TLS: &str = "localhost:9291";
/// A password over TLS. The certificate names this address as well.
pub const SASL_OVER_TLS: &str = "127.0.0.1:9292";
/// A password over an open connection.
pub const SASL: &str = "127.0.0.1:9293";
/// TLS with a certificate for another host.
pub const ELSEWHERE: &str = "127.0.0.1:9294";
/// TLS with a certificate that is out of date.
pub const EXPIRED: &str = "127.0.0.1:9295";

/// The user of every mechanism.
pub const USER: &str = "fraud";
/// A user of SCRAM-SHA-512 whose password changes.
pub const TURNCOAT: &str = "turncoat";

/// The right to use the broker.
pub struct Broker(TlsServers);

impl Broker {
    /// Beside other tests.
    pub fn shared() -> Self {
        Self(TlsServers::shared())
    }

    /// For a test that stops it.
    pub fn sole() -> Self {
        Self(TlsServers::sole())
    }

    /// Where the password of every user is, with a line end after it.
    pub fn password_file(&self) -> String {
        self.0.file("password")
    }

    /// That password.
    pub fn password(&self) -> String {
        self.0.password()
    }

    /// The authority that vouches for the broker.
    pub fn authority(&self) -> String {
        self.0.file("ca.pem")
    }

    /// An authority that knows nothing of the broker.
    pub fn other_authority(&self) -> String {
        self.0.file("other-ca.pem")
    }

    /// Gives a user of SCRAM-SHA-512 another password. Connections that stand are not asked again.
    pub fn set_password(&self, user: &str, password: &str) {
        self.0.command(&["password", user, password]);
    }

    /// How many times it has turned somebody away.
    pub fn refusals(&self) -> usize {
        let counted = self.0.command(&["refusals"]);
        counted.trim().parse().expect("a number")
    }

    /// Stops it, which cuts every connection. Its ports stay open all the while: Docker takes connections and closes them.
    pub fn stop(&self) {
        self.0.command(&["down"]);
    }

    /// Starts it again and waits until it answers.
    pub fn start(&self) {
        self.0.command(&["up"]);
    }
}
