//! The servers that `make test-tls` started, and what they want to see.

use service::testing::TlsServers;

/// MySQL takes nobody without TLS here. Its certificate names this address.
pub const MYSQL: &str = "127.0.0.1:9296";
/// One whose certificate is out of date.
pub const EXPIRED_MYSQL: &str = "127.0.0.1:9298";
/// A broker that asks for a password over TLS.
const KAFKA: &str = "127.0.0.1:9292";

/// The right to use both servers.
pub struct Servers(TlsServers);

impl Servers {
    /// Beside other tests.
    pub fn shared() -> Self {
        Self(TlsServers::shared())
    }

    /// For a test that changes what MySQL shows or wants to see. Whatever that was, it is as it was afterwards.
    pub fn sole() -> Self {
        let servers = Self(TlsServers::sole());
        // One that failed has left them as it wanted them.
        servers.as_they_were();
        servers
    }

    /// Everything that a processor with the right passwords is told, with topics and a group of its own.
    pub fn variables(&self, name: &str) -> Vec<(&'static str, String)> {
        vec![
            ("DATABASE_URL", url("fraudstream", MYSQL)),
            ("DATABASE_PASSWORD", self.password()),
            ("DATABASE_SSL_CA_FILE", self.file("ca.pem")),
            ("KAFKA_BOOTSTRAP_SERVERS", KAFKA.to_owned()),
            ("KAFKA_SECURITY_PROTOCOL", "sasl_ssl".to_owned()),
            ("KAFKA_SASL_MECHANISM", "SCRAM-SHA-512".to_owned()),
            ("KAFKA_SASL_USERNAME", "fraud".to_owned()),
            ("KAFKA_SASL_PASSWORD", self.password()),
            ("KAFKA_SSL_CA_FILE", self.file("ca.pem")),
            ("KAFKA_GROUP_ID", format!("tls-{name}")),
            ("TOPIC_LEGIT", format!("tls-{name}")),
            ("TOPIC_PARTITIONS", "1".to_owned()),
            ("TOPIC_REPLICATION_FACTOR", "-1".to_owned()),
            ("TOPIC_MIN_INSYNC_REPLICAS", "-1".to_owned()),
        ]
    }

    /// The password of every user.
    pub fn password(&self) -> String {
        self.0.password()
    }

    /// One of the files that `scripts/tls/certificates` made.
    pub fn file(&self, name: &str) -> String {
        self.0.file(name)
    }

    /// From now on MySQL shows this certificate; whoever is connected has to connect anew.
    pub fn show_certificate(&self, name: &str) {
        self.0.command(&["mysql-certificate", name]);
    }

    /// The certificate and the password that they started with.
    pub fn as_they_were(&self) {
        self.show_certificate("broker");
        self.set_password(&self.password());
    }

    /// From now on MySQL wants to see this password; whoever is connected has to connect anew.
    pub fn set_password(&self, password: &str) {
        self.0.command(&["mysql-password", password]);
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        // A test that fails has said why already.
        if self.0.is_sole() && !std::thread::panicking() {
            self.as_they_were();
        }
    }
}

/// Where a user finds the database.
pub fn url(user: &str, address: &str) -> String {
    format!("mysql://{user}@{address}/fraudstream")
}
