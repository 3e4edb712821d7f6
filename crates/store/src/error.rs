//! Everything that can go wrong, and what a caller does about it.

use std::borrow::Cow;

use thiserror::Error;

/// A call that failed. Nothing of it is stored.
#[derive(Debug, Error)]
#[error("could not {attempt}: {trouble}: {cause}")]
pub struct StoreError {
    trouble: Trouble,
    attempt: Cow<'static, str>,
    cause: String,
}

/// What is wrong, told apart as far as somebody acts on the difference.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq, Hash)]
pub enum Trouble {
    /// No connection, a lost one, a server that starts or stops, or no answer in time.
    #[error("the database does not answer")]
    Unreachable,
    /// A deadlock, a lock that was not to be had in time, too many connections.
    #[error("the database is busy")]
    Busy,
    /// Read-only after a fail-over, or a full disk.
    #[error("the database takes no writes now")]
    Unwritable,
    /// The values of one row are not acceptable.
    #[error("the row is bad")]
    BadRow,
    /// A key that is there already.
    #[error("the key is taken")]
    Duplicate,
    /// One key, two different payments.
    #[error("one key stands for different bytes")]
    Conflict,
    /// The user, the password or a right is missing.
    #[error("the database refuses the user, the password or a right")]
    Denied,
    /// TLS failed: a certificate that the CA did not sign or that names another host, or no TLS at the server.
    #[error("the server's TLS is not trusted")]
    Untrusted,
    /// The server asks for the password under RSA, which is left out on purpose (RUSTSEC-2023-0071).
    #[error("the server takes the password only over TLS, and this connection has none")]
    NeedsTls,
    /// The server is there and the database is not.
    #[error("there is no such database")]
    NoDatabase,
    /// Tables or columns are not as this program knows them.
    #[error("the schema is not the one this program knows")]
    Schema,
    /// One row is larger than the server takes.
    #[error("the row is larger than the server takes")]
    TooLarge,
    /// What can only be a bug, here or there.
    #[error("the database answered something unexpected")]
    Unexpected,
}

/// What to do about a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fate {
    /// Try the same call again, after a pause.
    Again,
    /// One row cannot be stored, nor can its dead letter.
    Row,
    /// Halt the partition: two payments claim one key, and neither may overwrite the other.
    Conflict,
    /// Stop: only an operator can help.
    Stop,
}

impl StoreError {
    /// A failure of what was attempted (`store a batch`), caused by something worth reading.
    pub fn new(
        trouble: Trouble,
        attempt: impl Into<Cow<'static, str>>,
        cause: impl Into<String>,
    ) -> Self {
        Self {
            trouble,
            attempt: attempt.into(),
            cause: cause.into(),
        }
    }

    /// What to do about it.
    pub fn fate(&self) -> Fate {
        self.trouble.fate()
    }

    /// What is wrong.
    pub fn trouble(&self) -> Trouble {
        self.trouble
    }

    /// What the database said.
    pub(crate) fn cause(&self) -> &str {
        &self.cause
    }
}

impl Trouble {
    /// What to do about it: the one place that decides.
    pub fn fate(self) -> Fate {
        match self {
            Self::Unreachable | Self::Busy | Self::Unwritable => Fate::Again,
            // Not even its dead letter would fit, so its partition halts, and the others go on.
            Self::BadRow | Self::TooLarge => Fate::Row,
            Self::Conflict => Fate::Conflict,
            Self::Duplicate
            | Self::Denied
            | Self::Untrusted
            | Self::NeedsTls
            | Self::NoDatabase
            | Self::Schema
            | Self::Unexpected => Fate::Stop,
        }
    }
}
