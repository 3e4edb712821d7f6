//! Judges payments: consumes `payments`, assesses each by the rules, and produces its untouched bytes to the topic of its
//! verdict, or to the dead letters when nobody can read it. Exactly once, Kafka to Kafka.
//!
//! The loop that keeps that promise is [`kafka::worker`]; what a payment is, [`payment`]; how it is judged, [`rules`]. Here is what
//! ties them together: [`Config`], the [`router`] and the [`metrics`].

mod config;
pub mod metrics;
pub mod router;

use std::sync::Arc;
use std::time::Duration;

use kafka::worker::{Options, Worker, WorkerError};
use kafka::{
    Connection, ConsumeFault, Consumer, Ensured, TopicError, TransactionalProducer, Vitals,
};
use service::thread::{self, ThreadError};
use service::{Process, clock};
use tracing::info;

pub use config::Config;
use metrics::Metrics;
use router::Router;

/// How long a consumer may take to leave its group.
const CLOSE: Duration = Duration::from_secs(10);

/// Why the detector ended before it was told to.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A metric's name was taken.
    #[error("register metrics")]
    Metrics(#[from] prometheus::Error),
    /// The topics cannot be had.
    #[error(transparent)]
    Topics(#[from] TopicError),
    /// A worker gave up.
    #[error(transparent)]
    Worker(#[from] ThreadError<WorkerError>),
}

/// Runs until `process` is told to shut down, then commits what was decided and leaves the group.
///
/// # Errors
/// When going on is of no use: the brokers refuse us, or another process has the same instance name.
pub async fn run(config: Config, process: Process) -> Result<(), Error> {
    let kafka_metrics = kafka::Metrics::register(&process.registry)?;
    let metrics = Metrics::register(&process.registry, &config.rules)?;
    let workers: Vec<Shared> = (0..config.workers).map(|_| Shared::default()).collect();
    watch(&process, &workers);

    let topics = [
        &config.payments,
        &config.fraud,
        &config.legit,
        &config.dead_letters,
    ]
    .map(Clone::clone);
    let ensured = match kafka::ensure(
        &config.kafka,
        &topics,
        config.creation,
        &workers[0].vitals,
        &process.shutdown,
    )
    .await
    {
        Err(TopicError::Stopped) => return Ok(()),
        ensured => ensured?,
    };
    turn(&process, &workers);
    let config = Arc::new(config);
    let threads: Vec<_> = workers
        .into_iter()
        .enumerate()
        .map(|(number, shared)| {
            let (config, ensured) = (Arc::clone(&config), ensured.clone());
            let (metrics, kafka_metrics, stop) = (
                metrics.clone(),
                kafka_metrics.clone(),
                process.shutdown.clone(),
            );
            thread::spawn(format!("worker-{number}"), move || {
                let worker = worker(&config, number, &ensured, &metrics, kafka_metrics, &shared)
                    .map_err(|fault| WorkerError::Consumer(fault.to_string()))?;
                let (consumer, outcome) = worker.run(&stop);
                consumer.close(CLOSE);
                outcome
            })
        })
        .collect();
    thread::join_all(threads, &process.shutdown).await?;
    Ok(())
}

/// What a worker tells and probes ask.
#[derive(Clone, Default)]
struct Shared {
    vitals: Arc<Vitals>,
    connection: Arc<Connection>,
}

/// Lets probes ask whether all workers turn. Before there are topics none does, however long that takes.
fn turn(process: &Process, workers: &[Shared]) {
    for (number, worker) in workers.iter().enumerate() {
        let vitals = Arc::clone(&worker.vitals);
        vitals.turn();
        process
            .health
            .pulse(format!("worker-{number}"), move || vitals.alive());
    }
}

/// Lets probes ask whether all workers are ready.
fn watch(process: &Process, workers: &[Shared]) {
    let workers = workers.to_vec();
    process.health.dependency("kafka", move || {
        let mut notes = Vec::with_capacity(workers.len());
        for worker in &workers {
            worker.connection.answers()?;
            notes.push(worker.vitals.ready()?);
        }
        Ok(notes.join("; "))
    });
}

fn worker(
    config: &Config,
    number: usize,
    ensured: &Ensured,
    metrics: &Metrics,
    kafka_metrics: kafka::Metrics,
    shared: &Shared,
) -> Result<Worker<Consumer, TransactionalProducer, Router>, ConsumeFault> {
    let transactional_id = format!("{}-{}-{number}", config.group_id, config.instance);
    info!(
        id = transactional_id,
        ruleset = config.rules.id(),
        "starting a worker"
    );
    let connection = || Arc::clone(&shared.connection);
    let consumer = Consumer::subscribe(
        &config.kafka,
        &config.group_id,
        &config.payments.name,
        &kafka_metrics,
        connection(),
    )?;
    let producer = TransactionalProducer::new(
        &config.kafka,
        &transactional_id,
        config.commit_interval,
        ensured.max_record_bytes,
        connection(),
    );
    let router = Router::new(config, metrics);
    let options = Options {
        topic: config.payments.name.clone(),
        transactional_id,
        commit_interval: config.commit_interval,
        commit_records: config.commit_records,
        dead_letter_limit: config.dead_letter_limit,
        embedded: config.kafka.embedded,
        now_ms: clock::now_ms,
    };
    Ok(Worker::new(
        consumer,
        producer,
        router,
        options,
        kafka_metrics,
        Arc::clone(&shared.vitals),
        connection(),
    ))
}
