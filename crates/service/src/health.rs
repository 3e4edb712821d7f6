//! Readiness and liveness. Services register questions, the admin server asks them.
//!
//! Nothing is pushed, so nothing can be forgotten: an answer is as old as the request. A question
//! that panics or does not answer in time counts as a "no" and harms neither the others nor the
//! server.

mod probe;
mod report;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use prometheus::{IntGaugeVec, Opts, Registry};

use self::probe::Probe;
pub use self::report::Report;

/// The questions of one process. Clones share them.
#[derive(Clone, Debug)]
pub struct Health {
    dependencies: Arc<Mutex<Vec<Probe>>>,
    pulses: Arc<Mutex<Vec<Probe>>>,
    ready: IntGaugeVec,
}

impl Health {
    /// A process without dependencies, its gauge `fraudstream_ready{dependency}` in the registry.
    pub fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let ready = Opts::new(
            "fraudstream_ready",
            "Whether the dependency answered when it was last asked, 1 or 0.",
        );
        let ready = IntGaugeVec::new(ready, &["dependency"])?;
        registry.register(Box::new(ready.clone()))?;
        Ok(Self {
            dependencies: Arc::default(),
            pulses: Arc::default(),
            ready,
        })
    }

    /// Adds something that the service needs in order to work. `probe` answers with a note, or with
    /// the reason why not; it is asked at `/readyz` and at each scrape, so it looks at what the
    /// service already knows and waits for nothing. A later probe of the same name replaces it.
    pub fn dependency(
        &self,
        name: &'static str,
        probe: impl Fn() -> Result<String, String> + Send + Sync + 'static,
    ) {
        self.ready.with_label_values(&[name]).set(0);
        add(&self.dependencies, Probe::new(name.to_owned(), probe));
    }

    /// Adds a loop that has to turn. `probe` answers with the reason why it does not; it is asked
    /// at `/livez`, and a "no" makes the orchestrator restart the process: a bounded wait for a
    /// dependency is no reason. A later probe of the same name replaces it.
    pub fn pulse(
        &self,
        name: String,
        probe: impl Fn() -> Result<(), String> + Send + Sync + 'static,
    ) {
        let probe = move || probe().map(|()| "turning".to_owned());
        add(&self.pulses, Probe::new(name, probe));
    }

    /// Asks every dependency and sets its gauge. A process that has none yet is still starting, and
    /// not ready.
    pub async fn readiness(&self) -> Report {
        let report = Report::gather(&self.dependencies()).await;
        for (name, answer) in report.answers() {
            let ready = i64::from(answer.is_ok());
            self.ready.with_label_values(&[name]).set(ready);
        }
        report
    }

    /// Asks every loop whether it turns.
    pub async fn liveness(&self) -> Report {
        let pulses = lock(&self.pulses).clone();
        Report::gather(&pulses).await
    }

    fn dependencies(&self) -> Vec<Probe> {
        lock(&self.dependencies).clone()
    }
}

fn add(probes: &Mutex<Vec<Probe>>, probe: Probe) {
    let mut probes = lock(probes);
    probes.retain(|known| known.name() != probe.name());
    probes.push(probe);
}

/// A push into a vector leaves nothing half done, so a poisoned lock is as good as any.
fn lock(probes: &Mutex<Vec<Probe>>) -> MutexGuard<'_, Vec<Probe>> {
    probes.lock().unwrap_or_else(PoisonError::into_inner)
}
