//! A service in this process, on a runtime of its own.

use std::fmt::Debug;
use std::time::{Duration, Instant};

use prometheus::{Registry, TextEncoder};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

use super::observed::Observed;
use super::until::DEADLINE;
use crate::Process;

/// A running service. Dropping it tells it to stop.
pub struct Running<E> {
    process: Process,
    work: Option<JoinHandle<Result<(), E>>>,
    runtime: Runtime,
}

impl<E: Debug + Send + 'static> Running<E> {
    /// Starts a service's one verb.
    pub fn start<F>(run: impl FnOnce(Process) -> F) -> Self
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
    {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime");
        let process = Process::new(Registry::new()).expect("a process");
        let work = runtime.spawn(run(process.clone()));
        Self {
            process,
            work: Some(work),
            runtime,
        }
    }

    /// Tells it to stop and waits until it has; says how long that took.
    pub fn stop(mut self) -> Duration {
        let started = Instant::now();
        self.process.shutdown.cancel();
        self.ended().expect("a good end");
        started.elapsed()
    }

    /// Waits for an end that it comes to by itself.
    pub fn ended(&mut self) -> Result<(), E> {
        let work = self.work.take().expect("running");
        let ended = self
            .runtime
            .block_on(async { tokio::time::timeout(DEADLINE, work).await });
        ended.expect("an end in time").expect("no panic")
    }
}

impl<E> Observed for Running<E> {
    fn readiness(&self) -> String {
        let readiness = self.process.health.readiness();
        self.runtime.block_on(readiness).to_string()
    }

    fn metrics(&self) -> String {
        let families = self.process.registry.gather();
        TextEncoder::new()
            .encode_to_string(&families)
            .expect("text")
    }

    fn is_alive(&self) -> bool {
        let liveness = self.process.health.liveness();
        self.runtime.block_on(liveness).is_good()
    }
}

/// The runtime goes after this, and waits for what blocks.
impl<E> Drop for Running<E> {
    fn drop(&mut self) {
        self.process.shutdown.cancel();
    }
}
