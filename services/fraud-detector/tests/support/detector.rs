//! A detector in this process.

use std::time::{Duration, Instant};

use fraud_detector::{Config, Error, run};
use prometheus::{Registry, TextEncoder};
use service::Process;
use tokio::task::JoinHandle;

/// No test waits longer for one thing.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// A running detector. Dropping it stops it without waiting.
pub struct Detector {
    pub process: Process,
    running: Option<JoinHandle<Result<(), Error>>>,
}

impl Detector {
    pub fn start(config: Config) -> Self {
        let process = Process::new(Registry::new()).expect("a process");
        let running = tokio::spawn(run(config, process.clone()));
        Self {
            process,
            running: Some(running),
        }
    }

    /// Starts one and waits until it is at work.
    pub async fn ready(config: Config) -> Self {
        let detector = Self::start(config);
        detector.wait_for("kafka: ok, joined").await;
        detector
    }

    /// What `/readyz` answers.
    pub async fn readiness(&self) -> String {
        self.process.health.readiness().await.to_string()
    }

    /// Waits until `/readyz` says so.
    pub async fn wait_for(&self, text: &str) {
        let end = Instant::now() + DEADLINE;
        loop {
            let readiness = self.readiness().await;
            if readiness.contains(text) {
                return;
            }
            assert!(Instant::now() < end, "not {text:?} but {readiness:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// What `/metrics` answers.
    pub fn metrics(&self) -> String {
        let families = self.process.registry.gather();
        TextEncoder::new()
            .encode_to_string(&families)
            .expect("text")
    }

    /// The value of the line of `/metrics` that starts like this, without the prefix of our metrics.
    pub fn metric(&self, line: &str) -> f64 {
        let metrics = self.metrics();
        let value = metrics.lines().find_map(|found| {
            found
                .strip_prefix("fraudstream_")?
                .strip_prefix(line)?
                .strip_prefix(' ')
        });
        let value = value.unwrap_or_else(|| panic!("no {line} in {metrics}"));
        value.parse().expect("a number")
    }

    /// Waits until a metric has a value.
    pub async fn wait_for_metric(&self, line: &str, wanted: impl Fn(f64) -> bool) {
        let end = Instant::now() + DEADLINE;
        while !wanted(self.metric(line)) {
            assert!(Instant::now() < end, "{line} is {}", self.metric(line));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Tells it to stop and waits until it has; says how long that took.
    pub async fn stop(mut self) -> Duration {
        let started = Instant::now();
        self.process.shutdown.cancel();
        self.ended().await.expect("a good end");
        started.elapsed()
    }

    /// Waits for an end that it comes to by itself.
    pub async fn ended(&mut self) -> Result<(), Error> {
        let running = self.running.take().expect("running");
        let ended = tokio::time::timeout(DEADLINE, running).await;
        ended.expect("an end in time").expect("no panic")
    }
}

impl Drop for Detector {
    fn drop(&mut self) {
        self.process.shutdown.cancel();
    }
}
