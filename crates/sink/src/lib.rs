//! How a partition comes to rest: from a topic into SQL, exactly once. The only crate that knows both Kafka and the database.
//!
//! The order of the steps is the guarantee:
//!
//! 1. **Assigned.** The partition is taken from the group without reading: it is paused and what comes is dropped.
//! 2. **Claimed.** One SQL transaction raises the partition's epoch and reads its position. From here on every earlier owner is
//!    fenced, whatever he still believes. Kafka's own committed offsets are never asked.
//! 3. **Sought.** Reading starts at that position; only now do records count.
//! 4. **Stored.** A batch is one SQL transaction: first the positions move, if the epochs are still ours and they are where we left
//!    them; then the rows. Rows and positions appear together or not at all.
//! 5. **Told.** The positions go to Kafka too, so that lag tools work. Nobody reads them back.
//!
//! A crash at any line repeats reading and never a row. A batch that was fenced stored nothing: its partitions are claimed anew
//! if the group leaves them here (a zombie loses its assignment at the next poll, an owner does not), the others are read again
//! from where they were.
//!
//! While the database is away the sink waits with its batch, paused, and goes on polling: it stays in the group.

mod buffer;
mod config;
mod desk;
mod metrics;
mod open;
mod partition;
mod row;
mod sink;
#[cfg(feature = "testing")]
pub mod testing;
mod watch;

pub use config::{Config, Options, group_variable};
pub use metrics::Metrics;
pub use open::{Error, open, run};
pub use row::{Shelf, Shelved};
pub use sink::{Sink, SinkError};
pub use watch::Watch;
