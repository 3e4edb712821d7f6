//! What the loops ask of a consumer, and what it answers.

use std::time::Duration;

use super::fault::ConsumeFault;
use crate::context::Rebalance;
use crate::record::Received;

/// Where reading goes on in a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// At the first record that the log still has.
    Beginning,
    /// At this offset.
    At(i64),
}

/// What the group's coordinator has stored for a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// The partition.
    pub partition: i32,
    /// The next offset to read, if one was ever committed.
    pub offset: Option<i64>,
    /// What was committed beside it: the id of the topic, so that a position in a topic that was made anew shows.
    pub metadata: String,
}

/// What one poll brought.
#[derive(Debug)]
pub enum Polled<M> {
    /// A record.
    Message(M),
    /// The group decided something that waits to be carried out.
    Rebalance(Rebalance),
    /// Something went wrong.
    Fault(ConsumeFault),
    /// Nothing came in time.
    Nothing,
}

/// What the loops ask of a consumer. One small trait, so that a test can script it and let every call fail.
pub trait Consume {
    /// A received message, borrowed from the consumer.
    type Message<'a>: Received
    where
        Self: 'a;
    /// The proof of membership that a transaction's offsets carry.
    type Group;

    /// Waits at most `wait` for one thing.
    fn poll(&self, wait: Duration) -> Polled<Self::Message<'_>>;
    /// Starts reading partitions that the group assigned, or ends a rebalance that assigned none. None of them is paused then.
    fn assign(&self, positions: &[(i32, Position)]) -> Result<(), ConsumeFault>;
    /// Gives partitions back.
    fn unassign(&self, partitions: &[i32]) -> Result<(), ConsumeFault>;
    /// Goes on reading elsewhere. Records that were already fetched are not delivered after this returned `Ok`.
    fn seek(&self, positions: &[(i32, Position)], limit: Duration) -> Result<(), ConsumeFault>;
    /// Stops fetching these partitions while membership goes on.
    fn pause(&self, partitions: &[i32]);
    /// Fetches them again.
    fn resume(&self, partitions: &[i32]);
    /// What the coordinator has stored, waiting for transactions that are about to store.
    fn committed(
        &self,
        partitions: &[i32],
        limit: Duration,
    ) -> Result<Vec<Committed>, ConsumeFault>;
    /// Commits to Kafka in the background, outside of any transaction.
    fn commit(&self, next: &[(i32, i64)], metadata: &str);
    /// Tells the statistics how far the work is committed: lag is counted from there.
    fn store(&self, next: &[(i32, i64)]);
    /// How far each partition was handed out: past its last record, and past what follows it and is handed to nobody, such as the
    /// marker of a transaction. Leaves out partitions of which nothing was handed out since they were assigned or sought.
    fn positions(&self) -> Vec<(i32, i64)>;
    /// The first offset that the log has, and the one after its last.
    fn watermarks(&self, partition: i32, limit: Duration) -> Result<(i64, i64), ConsumeFault>;
    /// The id of the topic as the cluster has it now.
    fn topic_id(&self, limit: Duration) -> Result<String, ConsumeFault>;
    /// The membership as it is now; `None` for whoever is not a member.
    fn group(&self) -> Option<Self::Group>;
}
