//! Stores fraud, and raises an alert where a human must see it; the rest is noted as processing.
//!
//! How a partition comes to rest exactly once is the [`sink`] crate's. Here is what this processor makes of a payment: the alert
//! is a row in the same SQL transaction, so it can neither get lost nor be raised for a payment that was not stored. From there a
//! [`dispatcher`] takes it to the [`webhook`], at least once.

mod alert;
pub mod backoff;
mod config;
pub mod dispatcher;
mod endpoint;
pub mod metrics;
mod quota;
mod receiver;
mod shelf;
mod verdict;
mod voice;
pub mod webhook;

use std::sync::Arc;

use service::{Process, clock};
use sink::Watch;
use tokio::sync::Notify;
use tracing::info;

pub use alert::Body;
pub use config::Config;
pub use endpoint::Endpoint;
pub use shelf::Desk;
pub use verdict::Verdict;

use dispatcher::{Dispatcher, Options};
use metrics::Metrics;
use webhook::Webhook;

/// The name under which positions are stored.
pub const SINK: &str = "fraud-processor";

/// Why the fraud-processor did not start, or ended before it was told to.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A metric's name was taken.
    #[error("register metrics")]
    Metrics(#[from] prometheus::Error),
    /// TLS to the webhook cannot be set up.
    #[error("set up TLS for the webhook")]
    Tls(#[from] rustls::Error),
    /// Storing failed.
    #[error(transparent)]
    Sink(#[from] sink::Error),
}

/// Runs until `process` is told to shut down, then stores what was read, leaves the group and ends the deliveries under way.
///
/// A webhook that is away makes nobody unready: its alerts are safe in the outbox, and storing goes on.
///
/// # Errors
/// When going on is of no use: the brokers or the database refuse us.
pub async fn run(config: Config, process: Process) -> Result<(), Error> {
    let watch = Watch::default();
    let (kafka, database, pulse) = (watch.clone(), watch.clone(), watch.clone());
    process.health.dependency("kafka", move || kafka.kafka());
    process
        .health
        .dependency("database", move || database.database());
    process
        .health
        .pulse("sink".to_owned(), move || pulse.vitals.alive());

    let Config { sink, webhook } = config;
    let metrics = Metrics::register(&process.registry, webhook.is_some())?;
    let webhook = webhook.map(Webhook::new).transpose()?;
    let opened = sink::open(&sink.database, &watch, &process.shutdown).await;
    let Some(store) = opened.map_err(sink::Error::from)? else {
        return Ok(());
    };

    let raised = Arc::<Notify>::default();
    let desk = Desk::new(metrics.clone(), Arc::clone(&raised));
    // Also cancelled when the sink ends by itself: nobody would raise alerts, and the process has to end.
    let stop = process.shutdown.child_token();
    let end = stop.clone().drop_guard();
    let dispatching = async {
        match webhook {
            Some(webhook) => {
                let options = Options::standard(&webhook, clock::now_ms);
                Dispatcher::new(store.clone(), webhook, metrics, raised, options)
                    .run(stop)
                    .await;
            }
            None => info!("no ALERT_WEBHOOK_URL: alerts are stored and logged, nobody is told"),
        }
    };
    let storing = async {
        let _end = end;
        sink::run(
            SINK,
            sink,
            store.clone(),
            desk,
            &process.registry,
            watch,
            process.shutdown,
        )
        .await
    };
    let (stored, ()) = tokio::join!(storing, dispatching);
    Ok(stored?)
}
