//! Makes payments at a steady rate and delivers each of them, or says which it could not.
//!
//! [`generator`] makes them and [`pace`] says when; both are pure. [`publisher`] is the loop that hands them to Kafka, and
//! [`outcome`] hears what became of them.

mod config;
pub mod generator;
pub mod hold;
pub mod metrics;
pub mod outcome;
pub mod pace;
pub mod publisher;

use std::sync::Arc;

use kafka::{Connection, Producer, TopicError, Vitals};
use rand::TryRng as _;
use rand::rngs::{SysError, SysRng};
use service::thread::{self, ThreadError};
use service::{Process, clock};
use tracing::{info, warn};

pub use config::Config;
use generator::{Generator, Plan};
use metrics::Metrics;
use outcome::Outcome;
use pace::Pace;
use publisher::{PublishError, Publisher};

/// Brokers keep records for a week by default, counted from the time that a record carries.
const USUAL_RETENTION_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// Brokers refuse records that are further ahead of their own clock by default.
const USUAL_FUTURE_MS: i64 = 60 * 60 * 1000;

/// Why the producer ended before it was told to.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A metric's name was taken.
    #[error("register metrics")]
    Metrics(#[from] prometheus::Error),
    /// The system gave no random seed.
    #[error("draw a seed")]
    Seed(#[from] SysError),
    /// The topic cannot be had.
    #[error(transparent)]
    Topic(#[from] TopicError),
    /// librdkafka does not take a setting.
    #[error("{0}")]
    Client(String),
    /// Producing failed.
    #[error(transparent)]
    Publish(#[from] ThreadError<PublishError>),
}

/// Runs until `process` is told to shut down, then waits until everything sent is acknowledged.
///
/// # Errors
/// When a payment is lost, or going on is of no use.
pub async fn run(config: Config, process: Process) -> Result<(), Error> {
    let metrics = Metrics::register(&process.registry)?;
    let outcome = Arc::new(Outcome::new(metrics.clone()));
    let connection = Arc::<Connection>::default();
    watch(&process, &outcome, &connection);

    let topics = [config.payments.clone()];
    match kafka::ensure(
        &config.kafka,
        &topics,
        config.creation,
        &Vitals::default(),
        &process.shutdown,
    )
    .await
    {
        Err(TopicError::Stopped) => return Ok(()),
        ensured => ensured?,
    };
    let plan = plan(&config)?;
    let publisher = Publisher {
        producer: Producer::create(&config.kafka, connection, Arc::clone(&outcome))
            .map_err(Error::Client)?,
        topic: config.payments.name,
        generator: Generator::new(plan),
        pace: plan.pace,
        count: config.count,
        hold: config.hold,
        outcome,
        metrics,
        vitals: Arc::default(),
    };
    // From here on there is a loop that has to turn; waiting for the topic was not one.
    let pulse = Arc::clone(&publisher.vitals);
    process
        .health
        .pulse("publisher".to_owned(), move || pulse.alive());
    let stop = process.shutdown.clone();
    thread::spawn("publisher", move || publisher.run(&stop)).await?;
    Ok(())
}

/// Fixes what the configuration leaves to chance and to the clock.
fn plan(config: &Config) -> Result<Plan, SysError> {
    let now_ms = clock::now_ms();
    let plan = Plan {
        seed: config.seed.map_or_else(|| SysRng.try_next_u64(), Ok)?,
        start_ms: config.start_ms.unwrap_or(now_ms),
        pace: Pace::new(config.rate_per_second),
        time_zone: config.time_zone,
        accounts: config.accounts,
        format: config.format,
    };
    info!(
        seed = plan.seed,
        start_ms = plan.start_ms,
        rate_per_second = config.rate_per_second,
        count = config.count,
        "producing payments"
    );
    if plan.start_ms < now_ms.saturating_sub(USUAL_RETENTION_MS) {
        warn!(
            "PRODUCER_START_TIME is more than a week ago: brokers delete such records unless the topic keeps them longer"
        );
    }
    if plan.start_ms > now_ms.saturating_add(USUAL_FUTURE_MS) {
        warn!(
            "PRODUCER_START_TIME is more than an hour ahead: brokers refuse such records unless the topic allows them"
        );
    }
    Ok(plan)
}

/// Lets probes ask whether payments can be delivered.
fn watch(process: &Process, outcome: &Arc<Outcome>, connection: &Arc<Connection>) {
    let (outcome, connection) = (Arc::clone(outcome), Arc::clone(connection));
    process.health.dependency("kafka", move || {
        // First, since it is the last that this process has to say.
        outcome.intact()?;
        connection.answers()?;
        outcome.ready()
    });
}
