//! The errands to the database, run beside the loop so that it never stops polling.

use std::time::Duration;

use store::{Batch, Claim, Committed, Database, Fate, Partition, StoreError};
use tokio::runtime::Handle;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::metrics::Metrics;
use crate::watch::Watch;

/// The longest pause between two tries of a call.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// An errand that is done.
pub(crate) enum Done {
    /// A partition was claimed, or not.
    Claimed {
        partition: Partition,
        /// The assignment that it was claimed for.
        generation: u64,
        outcome: Result<Claim, StoreError>,
    },
    /// A batch was stored, or not.
    Stored {
        batch: Box<Batch>,
        outcome: Result<Committed, StoreError>,
    },
}

/// What errands run on.
pub(crate) enum Runtime {
    /// The process's, on threads of its own.
    Beside(Handle),
    /// A test's, on this thread: errands go on only while the loop waits, so that every run is the same.
    #[cfg(test)]
    Within(std::sync::Arc<tokio::runtime::Runtime>),
}

impl Runtime {
    fn spawn(&self, errand: impl Future<Output = ()> + Send + 'static) {
        match self {
            Self::Beside(handle) => drop(handle.spawn(errand)),
            #[cfg(test)]
            Self::Within(runtime) => drop(runtime.spawn(errand)),
        }
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        match self {
            Self::Beside(handle) => handle.block_on(future),
            #[cfg(test)]
            Self::Within(runtime) => runtime.block_on(future),
        }
    }
}

/// Sends errands and hears of their end.
pub(crate) struct Desk<D> {
    database: D,
    runtime: Runtime,
    watch: Watch,
    metrics: Metrics,
    sender: UnboundedSender<Done>,
    receiver: UnboundedReceiver<Done>,
    /// Ends errands that would go on trying.
    give_up: CancellationToken,
}

impl<D: Database> Desk<D> {
    pub fn new(database: D, runtime: Runtime, watch: Watch, metrics: Metrics) -> Self {
        let (sender, receiver) = unbounded_channel();
        Self {
            database,
            runtime,
            watch,
            metrics,
            sender,
            receiver,
            give_up: CancellationToken::new(),
        }
    }

    /// Claims a partition: one try.
    pub fn claim(&self, sink: &str, partition: Partition, generation: u64, owner: &str) {
        let (database, watch, sender) = (
            self.database.clone(),
            self.watch.clone(),
            self.sender.clone(),
        );
        let (sink, owner) = (sink.to_owned(), owner.to_owned());
        self.runtime.spawn(async move {
            let outcome = database.claim(&sink, &partition, &owner).await;
            watch.heard(answer(&outcome));
            // The loop may have ended meanwhile.
            let _ = sender.send(Done::Claimed {
                partition,
                generation,
                outcome,
            });
        });
    }

    /// Stores a batch, for as long as it takes.
    pub fn store(&self, batch: Batch) {
        let (database, watch, metrics, sender) = (
            self.database.clone(),
            self.watch.clone(),
            self.metrics.clone(),
            self.sender.clone(),
        );
        let give_up = self.give_up.clone();
        self.runtime.spawn(async move {
            let outcome = tokio::select! {
                outcome = keep_trying(&database, &batch, &watch, &metrics) => outcome,
                // Dropping a commit is safe: whoever claims the partition next learns whether it happened.
                () = give_up.cancelled() => return,
            };
            let _ = sender.send(Done::Stored {
                batch: Box::new(batch),
                outcome,
            });
        });
    }

    /// An errand that is done by now.
    pub fn done(&mut self) -> Option<Done> {
        self.receiver.try_recv().ok()
    }

    /// An errand that is done within `wait`.
    pub fn wait(&mut self, wait: Duration) -> Option<Done> {
        let (runtime, receiver) = (&self.runtime, &mut self.receiver);
        runtime
            .block_on(async { tokio::time::timeout(wait, receiver.recv()).await })
            .ok()
            .flatten()
    }
}

/// Nobody waits any more: what is on its way is given up.
impl<D> Drop for Desk<D> {
    fn drop(&mut self) {
        self.give_up.cancel();
    }
}

async fn keep_trying<D: Database>(
    database: &D,
    batch: &Batch,
    watch: &Watch,
    metrics: &Metrics,
) -> Result<Committed, StoreError> {
    let mut pause = Duration::from_millis(100);
    let mut told = false;
    loop {
        match database.commit(batch).await {
            Err(error) if error.fate() == Fate::Again => {
                metrics.database_retries.inc();
                watch.heard(Err(error.to_string()));
                if !told {
                    warn!(%error, "could not store a batch; it is kept and tried again");
                    told = true;
                }
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
            outcome => {
                watch.heard(answer(&outcome));
                if told {
                    info!("the database answers again");
                }
                return outcome;
            }
        }
    }
}

/// What an outcome says about the database: one that objects to a row answers.
fn answer<T>(outcome: &Result<T, StoreError>) -> Result<(), String> {
    match outcome {
        Ok(_) => Ok(()),
        Err(error) => match error.fate() {
            Fate::Row | Fate::Conflict => Ok(()),
            Fate::Again | Fate::Stop => Err(error.to_string()),
        },
    }
}
