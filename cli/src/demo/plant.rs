//! The four services in one process, on what the demo embeds.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use kafka::Embedded;
use payment_producer::hold::Hold;
use prometheus::Registry;
use service::{Process, causes};
use settings::{Environment, Reading};
use tokio::task::JoinHandle;
use tracing::warn;

use crate::audit;
use crate::demo::counts::Counts;
use crate::demo::{DemoError, Options};

const PARTITIONS: i32 = 6;
/// Decisions are committed after so long: the embedded cluster answers at once.
const COMMIT_INTERVAL_MS: &str = "20";
const BATCH_INTERVAL_MS: &str = "20";
/// What "as fast as it goes" is bounded by, beside the hold.
const FASTEST: &str = "100000";

/// A service at work.
pub struct Station {
    /// Its name.
    pub name: &'static str,
    /// What it shares with this process.
    pub process: Process,
    work: Mutex<Option<JoinHandle<Result<(), String>>>>,
}

/// Everything that runs.
pub struct Plant {
    /// The brokers.
    pub cluster: Embedded,
    /// The file of rows.
    pub database: PathBuf,
    /// In the order data flows.
    pub producer: Station,
    pub detector: Station,
    pub fraud: Station,
    pub legit: Station,
    environment: Environment,
}

impl Plant {
    /// Starts everything. The services find each other in their own time.
    pub fn build(
        options: &Options,
        folder: &Path,
        counts: &Arc<Counts>,
    ) -> Result<Self, DemoError> {
        let cluster = Embedded::start(
            &["payments", "fraud_payments", "legit_topic", "payments_dlq"],
            PARTITIONS,
        )
        .map_err(DemoError::Cluster)?;
        let database = folder.join("fraudstream.db");
        let environment = environment(options, &cluster, &database);
        let kafka = cluster.config();

        let mut producer = read(
            "payment-producer",
            &environment,
            payment_producer::Config::read,
        )?;
        let held = Arc::clone(counts);
        producer.hold = Hold::until(move |number| held.may_pass(number));
        producer.kafka = kafka.clone();
        let mut detector = read("fraud-detector", &environment, fraud_detector::Config::read)?;
        detector.kafka = kafka.clone();
        let mut fraud = read(
            "fraud-processor",
            &environment,
            fraud_processor::Config::read,
        )?;
        fraud.sink.kafka = kafka.clone();
        let mut legit = read(
            "legit-processor",
            &environment,
            legit_processor::Config::read,
        )?;
        legit.0.kafka = kafka;
        Ok(Self {
            // Readers first: what comes finds them there.
            fraud: Station::start("fraud-processor", |process| {
                fraud_processor::run(fraud, process)
            })?,
            legit: Station::start("legit-processor", |process| {
                legit_processor::run(legit, process)
            })?,
            detector: Station::start("fraud-detector", |process| {
                fraud_detector::run(detector, process)
            })?,
            producer: Station::start("payment-producer", |process| {
                payment_producer::run(producer, process)
            })?,
            cluster,
            database,
            environment,
        })
    }

    /// How to audit it.
    pub fn audit_config(&self) -> Result<audit::Config, DemoError> {
        let mut config = read("the books", &self.environment, audit::Config::read)?;
        config.kafka = self.cluster.config();
        Ok(config)
    }

    /// The services, in the order data flows.
    pub fn stations(&self) -> [&Station; 4] {
        [&self.producer, &self.detector, &self.fraud, &self.legit]
    }

    /// Whether every service still runs.
    pub fn check(&self) -> Result<(), DemoError> {
        match self
            .stations()
            .into_iter()
            .find(|station| station.has_ended())
        {
            None => Ok(()),
            // Its error is told when it is waited for, at the end.
            Some(station) => Err(DemoError::Service {
                service: station.name,
                why: "it ended before it was told to".to_owned(),
            }),
        }
    }

    /// Stops intake, waits until what was produced is stored, and ends the services in the order data flows.
    pub async fn drain(&self, counts: &Counts, limit: Duration) -> Result<(), DemoError> {
        let mut outcome = self.producer.end().await;
        let deadline = Instant::now() + limit;
        counts.look(self);
        while counts.settled() < counts.produced()
            && Instant::now() < deadline
            && self.stations()[1..]
                .iter()
                .all(|station| !station.has_ended())
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
            counts.look(self);
        }
        if counts.settled() < counts.produced() {
            warn!(
                produced = counts.produced(),
                settled = counts.settled(),
                "not everything was stored in time"
            );
        }
        for station in &self.stations()[1..] {
            outcome = outcome.and(station.end().await);
        }
        outcome
    }
}

impl Station {
    fn start<F, E>(name: &'static str, run: impl FnOnce(Process) -> F) -> Result<Self, DemoError>
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: std::error::Error + Send + 'static,
    {
        let process = Process::new(Registry::new())?;
        let running = run(process.clone());
        let work = tokio::spawn(async move { running.await.map_err(|error| causes(&error)) });
        Ok(Self {
            name,
            process,
            work: Mutex::new(Some(work)),
        })
    }

    fn has_ended(&self) -> bool {
        self.work
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .as_ref()
            .is_none_or(JoinHandle::is_finished)
    }

    async fn end(&self) -> Result<(), DemoError> {
        self.process.shutdown.cancel();
        let work = self
            .work
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let failed = |why| DemoError::Service {
            service: self.name,
            why,
        };
        match work {
            None => Ok(()),
            Some(work) => work
                .await
                .map_err(|error| failed(error.to_string()))?
                .map_err(failed),
        }
    }
}

/// What the services would find in their environment.
fn environment(options: &Options, cluster: &Embedded, database: &Path) -> Environment {
    let rate = if options.count.is_some() {
        FASTEST.to_owned()
    } else {
        options.rate.to_string()
    };
    let mut variables = vec![
        (
            "KAFKA_BOOTSTRAP_SERVERS",
            cluster.config().bootstrap_servers,
        ),
        ("DATABASE_URL", format!("sqlite:{}", database.display())),
        ("TOPIC_PARTITIONS", PARTITIONS.to_string()),
        ("DETECTOR_INSTANCE", "demo".to_owned()),
        ("DETECTOR_COMMIT_INTERVAL_MS", COMMIT_INTERVAL_MS.to_owned()),
        ("SINK_BATCH_INTERVAL_MS", BATCH_INTERVAL_MS.to_owned()),
        ("PRODUCER_RATE_PER_SECOND", rate),
        ("PRODUCER_COUNT", options.count.unwrap_or(0).to_string()),
    ];
    variables.extend(options.seed.map(|seed| ("PRODUCER_SEED", seed.to_string())));
    variables
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

fn read<C>(
    service: &'static str,
    environment: &Environment,
    read: impl FnOnce(&mut Reading<'_>) -> Option<C>,
) -> Result<C, DemoError> {
    let mut reading = Reading::new(environment);
    let config = read(&mut reading);
    let finished = reading.finish(config, &[], &[]);
    finished
        .map(|(config, _)| config)
        .map_err(|problems| DemoError::Service {
            service,
            why: problems.to_string(),
        })
}
