//! The servers that `make test-tls` started, and what they want to see.

use std::path::PathBuf;
use std::process::Command;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// MySQL takes nobody without TLS here. Its certificate names this address.
pub const MYSQL: &str = "127.0.0.1:9296";
/// One whose certificate is out of date.
pub const EXPIRED_MYSQL: &str = "127.0.0.1:9298";
/// A broker that asks for a password over TLS.
const KAFKA: &str = "127.0.0.1:9292";

/// What `scripts/tls/broker` needs, and says where everything is.
const FOLDER: &str = "FRAUDSTREAM_TLS_FOLDER";

static IN_USE: RwLock<()> = RwLock::new(());

/// The right to use both servers.
pub struct Servers {
    folder: PathBuf,
    _right: Right,
}

#[expect(dead_code, reason = "held, never looked at")]
enum Right {
    Shared(RwLockReadGuard<'static, ()>),
    Sole(RwLockWriteGuard<'static, ()>),
}

impl Servers {
    /// Beside other tests.
    pub fn shared() -> Self {
        let right = IN_USE.read().unwrap_or_else(PoisonError::into_inner);
        Self::new(Right::Shared(right))
    }

    /// For a test that changes what MySQL shows or wants to see. Whatever that was, it is as it was afterwards.
    pub fn sole() -> Self {
        let right = IN_USE.write().unwrap_or_else(PoisonError::into_inner);
        let servers = Self::new(Right::Sole(right));
        // One that failed has left them as it wanted them.
        servers.as_they_were();
        servers
    }

    fn new(right: Right) -> Self {
        let folder = std::env::var_os(FOLDER)
            .unwrap_or_else(|| panic!("{FOLDER} is not set: `make test-tls` starts the servers"));
        Self {
            folder: folder.into(),
            _right: right,
        }
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
        let text = std::fs::read_to_string(self.file("password")).expect("the password");
        text.trim_end().to_owned()
    }

    /// One of the files that `scripts/tls/certificates` made.
    pub fn file(&self, name: &str) -> String {
        let path = self.folder.join(name);
        path.to_str().expect("a path in UTF-8").to_owned()
    }

    /// From now on MySQL shows this certificate; whoever is connected has to connect anew.
    pub fn show_certificate(&self, name: &str) {
        command(&["mysql-certificate", name]);
    }

    /// The certificate and the password that they started with.
    pub fn as_they_were(&self) {
        self.show_certificate("broker");
        self.set_password(&self.password());
    }

    /// From now on MySQL wants to see this password; whoever is connected has to connect anew.
    pub fn set_password(&self, password: &str) {
        command(&["mysql-password", password]);
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        // A test that fails has said why already.
        if matches!(self._right, Right::Sole(_)) && !std::thread::panicking() {
            self.as_they_were();
        }
    }
}

/// Where a user finds the database.
pub fn url(user: &str, address: &str) -> String {
    format!("mysql://{user}@{address}/fraudstream")
}

fn command(arguments: &[&str]) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/tls/broker");
    let done = Command::new(script).args(arguments).output();
    let done = done.expect("scripts/tls/broker");
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "broker {}: {said}", arguments[0]);
}
