//! Who keeps the demo's books.

use std::sync::Arc;
use std::time::Duration;

use kafka::Limits;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use crate::audit::{AuditError, Auditor, Balance, Config};
use crate::demo::DemoError;
use crate::demo::counts::Counts;

/// Findings of each kind that are named.
const EXAMPLES: usize = 20;
/// How long one reading may take.
const DEADLINE: Duration = Duration::from_secs(60);
/// Between two readings.
const PAUSE: Duration = Duration::from_millis(100);

/// Reads the topics along, since the embedded cluster forgets, and makes the books at the end.
pub struct Clerk {
    work: JoinHandle<Result<Balance, AuditError>>,
    dismissed: CancellationToken,
}

impl Clerk {
    /// Starts reading.
    pub fn hire(config: Config, counts: Arc<Counts>) -> Self {
        let (dismissed, runtime) = (CancellationToken::new(), Handle::current());
        let end = dismissed.clone();
        let work = tokio::task::spawn_blocking(move || {
            let limits = || Limits::within(DEADLINE, CancellationToken::new());
            let mut auditor = open(&config, &runtime, &end)?;
            while !end.is_cancelled() {
                match auditor.read_along(&limits()) {
                    Ok(decided) => counts.read_along(decided),
                    // It is read again at the next turn, and at the end at the latest.
                    Err(error) => debug!(%error, "could not read along"),
                }
                std::thread::sleep(PAUSE);
            }
            auditor.round(&limits())
        });
        Self { work, dismissed }
    }

    /// Ends reading and makes the books.
    pub async fn dismiss(self) -> Result<Balance, DemoError> {
        self.dismissed.cancel();
        let outcome = self.work.await.map_err(|error| DemoError::Service {
            service: "the books",
            why: error.to_string(),
        })?;
        Ok(outcome?)
    }
}

/// The database has its tables only once a processor made them.
fn open(config: &Config, runtime: &Handle, end: &CancellationToken) -> Result<Auditor, AuditError> {
    loop {
        match Auditor::open(
            config,
            EXAMPLES,
            runtime.clone(),
            &Limits::within(DEADLINE, CancellationToken::new()),
        ) {
            Err(error) if !end.is_cancelled() => {
                debug!(%error, "not there yet");
                std::thread::sleep(PAUSE);
            }
            outcome => return outcome,
        }
    }
}
