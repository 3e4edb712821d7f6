//! Where payments rest: the schema, its migrations, and batches that are stored exactly once, in MySQL or in SQLite.
//!
//! A *sink* reads a partition of an output topic and stores it. The order of its steps is the guarantee:
//!
//! 1. [`Database::claim`] takes the partition: it raises the epoch in the partition's row of `sink_offset` and reads
//!    the stored position, in one SQL transaction. From here on every earlier owner is fenced.
//! 2. The sink reads records from that position on.
//! 3. [`Database::commit`] opens a transaction, first moves the position (only if the epoch is still ours and the
//!    position is where we left it), then writes the rows, then commits. Position and rows appear together or not
//!    at all, so a crash at any line repeats reading and never a row.
//!
//! A COMMIT whose answer got lost is settled inside `commit`: it is asked of the database until it is known.
//!
//! This is the only crate that names sqlx. It knows nothing of Kafka, of metrics or of the wall clock: times come in
//! as milliseconds since 1970 UTC, and where a row wants to know when it was written, the database's clock says so.

mod batch;
mod books;
mod claim;
mod commit;
mod config;
mod connect;
mod database;
mod dialect;
mod error;
mod fault;
mod insert;
mod key;
mod limits;
mod mark;
mod migrate;
mod outbox;
mod recent;
mod record;
mod row;
mod session;
mod settle;
mod store;
#[cfg(feature = "testing")]
pub mod testing;
mod value;

pub use batch::{Advance, Batch, Claim, Committed, Partition, Refused};
pub use books::{Position, StoredKeys};
pub use config::{Config, VARIABLES};
pub use database::Database;
pub use error::{Fate, StoreError, Trouble};
pub use key::RowKey;
pub use mark::Mark;
pub use outbox::Alert;
pub use recent::RecentAlert;
pub use row::{AlertRow, DeadLetterRow, PaymentRow, Relation, State, Table, UNSTORABLE};
pub use store::Store;
