//! The broker and the MySQL that `make test-tls` started.

use std::path::PathBuf;
use std::process::Command;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// What `scripts/tls/broker` needs, and says where everything is.
const FOLDER: &str = "FRAUDSTREAM_TLS_FOLDER";

static IN_USE: RwLock<()> = RwLock::new(());

/// The right to use them.
pub struct TlsServers {
    folder: PathBuf,
    right: Right,
}

#[expect(dead_code, reason = "held, never looked at")]
enum Right {
    Shared(RwLockReadGuard<'static, ()>),
    Sole(RwLockWriteGuard<'static, ()>),
}

impl TlsServers {
    /// Beside other tests.
    pub fn shared() -> Self {
        let right = IN_USE.read().unwrap_or_else(PoisonError::into_inner);
        Self::new(Right::Shared(right))
    }

    /// For a test that stops them, or changes what they show or want to see.
    pub fn sole() -> Self {
        let right = IN_USE.write().unwrap_or_else(PoisonError::into_inner);
        Self::new(Right::Sole(right))
    }

    fn new(right: Right) -> Self {
        let folder = std::env::var_os(FOLDER)
            .unwrap_or_else(|| panic!("{FOLDER} is not set: `make test-tls` starts the servers"));
        Self {
            folder: folder.into(),
            right,
        }
    }

    /// Whether no other test uses them.
    pub fn is_sole(&self) -> bool {
        matches!(self.right, Right::Sole(_))
    }

    /// The password of every user.
    pub fn password(&self) -> String {
        let text = std::fs::read_to_string(self.file("password")).expect("the password");
        text.trim_end().to_owned()
    }

    /// One of the files that `scripts/tls/certificates` made, or the password's, which ends with a line end.
    pub fn file(&self, name: &str) -> String {
        let path = self.folder.join(name);
        path.to_str().expect("a path in UTF-8").to_owned()
    }

    /// What `scripts/tls/broker` says to these arguments.
    pub fn command(&self, arguments: &[&str]) -> String {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/tls/broker");
        let done = Command::new(script).args(arguments).output();
        let done = done.expect("scripts/tls/broker");
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "broker {}: {said}", arguments[0]);
        String::from_utf8_lossy(&done.stdout).into_owned()
    }
}
