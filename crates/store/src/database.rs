//! The calls that a sink makes.

use std::future::Future;

use crate::{Batch, Claim, Committed, Partition, StoreError};

/// What a sink needs of a database. [`Store`](crate::Store) is the real one; a test puts its own here to make any
/// call fail.
pub trait Database: Clone + Send + Sync + 'static {
    /// Takes a partition, fences everybody who had it before, and says where it stands.
    ///
    /// Worth repeating after [`Fate::Again`](crate::Fate::Again): a claim that happened unseen only raised the epoch
    /// once more.
    fn claim(
        &self,
        sink: &str,
        partition: &Partition,
        owner: &str,
    ) -> impl Future<Output = Result<Claim, StoreError>> + Send;

    /// Stores a batch in one SQL transaction.
    ///
    /// After [`Fate::Again`](crate::Fate::Again) nothing is stored, and the same batch may be committed again.
    /// While the answer to a COMMIT is lost this waits for as long as the database is away; dropping the future
    /// gives the question up, and a new claim answers it.
    fn commit(&self, batch: &Batch) -> impl Future<Output = Result<Committed, StoreError>> + Send;

    /// Asks whether the database answers.
    fn ping(&self) -> impl Future<Output = Result<(), StoreError>> + Send;
}
