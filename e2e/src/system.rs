//! What is looked at: topics, groups and tables, on brokers and a database.

mod names;
mod standing;

use crate::database::Database;
use crate::kafka::Kafka;

pub use names::Names;
pub use standing::Standing;

/// The servers, and what everything there is called.
pub struct System {
    /// Names.
    pub names: Names,
    /// The brokers.
    pub kafka: Kafka,
    /// The database.
    pub database: Database,
}
