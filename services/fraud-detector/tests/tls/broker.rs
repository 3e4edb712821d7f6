//! The broker that `make test-tls` started, and what it wants to see.

use std::path::PathBuf;
use std::process::Command;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

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

/// What `scripts/tls/broker` needs, and says where everything is.
const FOLDER: &str = "FRAUDSTREAM_TLS_FOLDER";

static IN_USE: RwLock<()> = RwLock::new(());

/// The right to use the broker.
pub struct Broker {
    folder: PathBuf,
    _right: Right,
}

#[expect(dead_code, reason = "held, never looked at")]
enum Right {
    Shared(RwLockReadGuard<'static, ()>),
    Sole(RwLockWriteGuard<'static, ()>),
}

impl Broker {
    /// Beside other tests.
    pub fn shared() -> Self {
        let right = IN_USE.read().unwrap_or_else(PoisonError::into_inner);
        Self::new(Right::Shared(right))
    }

    /// For a test that stops it.
    pub fn sole() -> Self {
        let right = IN_USE.write().unwrap_or_else(PoisonError::into_inner);
        Self::new(Right::Sole(right))
    }

    fn new(right: Right) -> Self {
        let folder = std::env::var_os(FOLDER)
            .unwrap_or_else(|| panic!("{FOLDER} is not set: `make test-tls` starts a broker"));
        Self {
            folder: folder.into(),
            _right: right,
        }
    }

    /// Where the password of every user is, with a line end after it.
    pub fn password_file(&self) -> String {
        self.file("password")
    }

    /// That password.
    pub fn password(&self) -> String {
        let text = std::fs::read_to_string(self.password_file()).expect("the password");
        text.trim_end().to_owned()
    }

    /// The authority that vouches for the broker.
    pub fn authority(&self) -> String {
        self.file("ca.pem")
    }

    /// An authority that knows nothing of the broker.
    pub fn other_authority(&self) -> String {
        self.file("other-ca.pem")
    }

    /// Gives a user of SCRAM-SHA-512 another password. Connections that stand are not asked again.
    pub fn set_password(&self, user: &str, password: &str) {
        self.command(&["password", user, password]);
    }

    /// How many times it has turned somebody away.
    pub fn refusals(&self) -> usize {
        let counted = self.command(&["refusals"]);
        counted.trim().parse().expect("a number")
    }

    /// Stops it, which cuts every connection. Its ports stay open all the while: Docker takes connections and closes them.
    pub fn stop(&self) {
        self.command(&["down"]);
    }

    /// Starts it again and waits until it answers.
    pub fn start(&self) {
        self.command(&["up"]);
    }

    fn file(&self, name: &str) -> String {
        let path = self.folder.join(name);
        path.to_str().expect("a path in UTF-8").to_owned()
    }

    fn command(&self, arguments: &[&str]) -> String {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/tls/broker");
        let done = Command::new(script).args(arguments).output();
        let done = done.expect("scripts/tls/broker");
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "broker {}: {said}", arguments[0]);
        String::from_utf8_lossy(&done.stdout).into_owned()
    }
}
