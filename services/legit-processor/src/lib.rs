//! Stores legitimate payments: VISA and MASTERCARD by name, any other type as unprocessable.
//!
//! How a partition comes to rest exactly once is the [`sink`] crate's; here is what this processor makes of a payment.

mod config;
mod shelf;

use service::Process;
use sink::Watch;

pub use config::Config;
pub use shelf::Cards;

/// The name under which positions are stored.
pub const SINK: &str = "legit-processor";

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
        Cards::default(),
        &process.registry,
        watch,
        process.shutdown,
    )
    .await
}
