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
    /// An errand panicked. What it was about nobody knows any more.
    Broken,
}

/// An errand's promise to tell how it ended. One that panicked tells that.
struct Promise {
    sender: UnboundedSender<Done>,
    kept: bool,
}

impl Promise {
    fn keep(mut self, done: Done) {
        self.kept = true;
        // The loop may have ended meanwhile.
        let _ = self.sender.send(done);
    }

    /// Nobody waits any more.
    fn release(mut self) {
        self.kept = true;
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        if !self.kept {
            let _ = self.sender.send(Done::Broken);
        }
    }
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
        let (database, watch, promise) =
            (self.database.clone(), self.watch.clone(), self.promise());
        let (sink, owner) = (sink.to_owned(), owner.to_owned());
        self.runtime.spawn(async move {
            let outcome = database.claim(&sink, &partition, &owner).await;
            watch.heard(answer(&outcome));
            promise.keep(Done::Claimed {
                partition,
                generation,
                outcome,
            });
        });
    }

    /// Stores a batch, for as long as it takes.
    pub fn store(&self, batch: Batch) {
        let (database, watch, metrics, promise) = (
            self.database.clone(),
            self.watch.clone(),
            self.metrics.clone(),
            self.promise(),
        );
        let give_up = self.give_up.clone();
        self.runtime.spawn(async move {
            let outcome = tokio::select! {
                outcome = keep_trying(&database, &batch, &watch, &metrics) => outcome,
                // Dropping a commit is safe: whoever claims the partition next learns whether it happened.
                () = give_up.cancelled() => return promise.release(),
            };
            promise.keep(Done::Stored {
                batch: Box::new(batch),
                outcome,
            });
        });
    }

    fn promise(&self) -> Promise {
        Promise {
            sender: self.sender.clone(),
            kept: false,
        }
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use prometheus::Registry;
    use store::Table;

    use super::*;

    /// A database whose client has a bug.
    #[derive(Clone)]
    struct Panicking;

    #[allow(clippy::panic)] // that is what it is for
    impl Database for Panicking {
        async fn claim(&self, _: &str, _: &Partition, _: &str) -> Result<Claim, StoreError> {
            panic!("claim")
        }

        async fn commit(&self, _: &Batch) -> Result<Committed, StoreError> {
            panic!("commit")
        }

        async fn ping(&self) -> Result<(), StoreError> {
            Ok(())
        }
    }

    #[test]
    fn an_errand_that_panics_is_told_and_not_waited_for() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let metrics = Metrics::register(&Registry::new(), Table::Fraud).unwrap();
        let within = Runtime::Within(Arc::new(runtime));
        let mut desk = Desk::new(Panicking, within, Watch::default(), metrics);
        let partition = Partition {
            topic: "t".into(),
            topic_id: "id".into(),
            partition: 0,
        };
        let a_while = Duration::from_secs(30);
        desk.claim("s", partition, 1, "o");
        assert!(matches!(desk.wait(a_while), Some(Done::Broken)));
        desk.store(Batch {
            sink: "s".to_owned(),
            cluster_id: "c".to_owned(),
            advances: Vec::new(),
            table: Table::Fraud,
            payments: Vec::new(),
            alerts: Vec::new(),
            dead_letters: Vec::new(),
        });
        assert!(matches!(desk.wait(a_while), Some(Done::Broken)));
    }
}
