//! What a row is stored under.

use std::fmt;
use std::sync::Arc;

/// The record that a row came from, which is the row's primary key.
///
/// For a payment with our provenance it is the payment's source: its place in `payments`. For a foreign record it is
/// the record's own place on the output. The topic's id keeps a topic made anew under an old name apart from the one
/// before it. Ordered as the database orders: byte by byte.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowKey {
    /// Kafka's id of the topic, or where there is none the cluster's.
    pub topic_id: Arc<str>,
    /// Name of the topic.
    pub topic: Arc<str>,
    /// Partition of the topic.
    pub partition: i32,
    /// Offset in the partition.
    pub offset: i64,
}

impl fmt::Display for RowKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            topic,
            partition,
            offset,
            ..
        } = self;
        write!(formatter, "{topic}/{partition}/{offset}")
    }
}
