//! Why the audit could not tell.

use std::time::Duration;

use kafka::LogError;
use service::causes;
use service::thread::ThreadError;
use store::StoreError;

/// Neither balanced nor not: exit code 2. Its text is a sentence for an operator.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// A topic could not be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The database could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The time was up while the database was read.
    #[error("reading {what} was not done within {} s", .limit.as_secs_f64())]
    OutOfTime {
        /// What was being read.
        what: &'static str,
        /// How long there was for everything.
        limit: Duration,
    },
    /// A topic was deleted and made anew in the middle of the reading.
    #[error("topic {0} was made anew while it was read; audit again")]
    Renewed(String),
    /// The process ends.
    #[error("told to stop")]
    Stopped,
    /// The thread that reads could not be started, or panicked.
    #[error("{0}")]
    Thread(String),
}

impl From<ThreadError<AuditError>> for AuditError {
    fn from(error: ThreadError<AuditError>) -> Self {
        match error {
            ThreadError::Failed { source, .. } => source,
            broken @ (ThreadError::NotStarted { .. } | ThreadError::Panicked { .. }) => {
                Self::Thread(causes(&broken))
            }
        }
    }
}
