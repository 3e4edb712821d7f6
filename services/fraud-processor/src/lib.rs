//! Stores fraud, and raises an alert where a human must see it; the rest is noted as processing.
//!
//! How a partition comes to rest exactly once is the [`sink`] crate's. Here is what this processor makes of a payment: the alert
//! is a row in the same SQL transaction, so it can neither get lost nor be raised for a payment that was not stored.

mod alert;
mod config;
mod shelf;
mod voice;

use service::Process;
use sink::Watch;

pub use alert::Body;
pub use config::Config;
pub use shelf::Desk;

/// The name under which positions are stored.
pub const SINK: &str = "fraud-processor";

/// Runs until `process` is told to shut down, then stores what was read and leaves the group.
///
/// # Errors
/// When going on is of no use: the brokers or the database refuse us.
pub async fn run(config: Config, process: Process) -> Result<(), sink::Error> {
    let watch = Watch::default();
    let (kafka, database, pulse) = (watch.clone(), watch.clone(), watch.clone());
    process.health.dependency("kafka", move || kafka.kafka());
    process
        .health
        .dependency("database", move || database.database());
    process
        .health
        .pulse("sink".to_owned(), move || pulse.vitals.alive());

    let Config(config) = config;
    let Some(store) = sink::open(&config.database, &watch, &process.shutdown).await? else {
        return Ok(());
    };
    sink::run(
        SINK,
        config,
        store,
        Desk::default(),
        &process.registry,
        watch,
        process.shutdown,
    )
    .await
}
