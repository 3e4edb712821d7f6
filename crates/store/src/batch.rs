//! What goes into one SQL transaction, and what came of it.

use std::fmt;
use std::sync::Arc;

use crate::{AlertRow, DeadLetterRow, PaymentRow, RowKey, Table};

/// A log that a sink stores: one partition of an output topic.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Partition {
    /// Name of the topic.
    pub topic: Arc<str>,
    /// Kafka's id of the topic, or where there is none the cluster's.
    pub topic_id: Arc<str>,
    /// Number of the partition.
    pub partition: i32,
}

/// A partition taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Ours until somebody claims the partition after us.
    pub epoch: i64,
    /// The next offset to read; `None` when nothing of this log was ever stored.
    pub next_offset: Option<i64>,
}

/// How far a batch moves the position of one partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advance {
    /// Which partition.
    pub partition: Partition,
    /// The epoch of our claim.
    pub epoch: i64,
    /// The position as we know it to be stored.
    pub from: Option<i64>,
    /// The next offset to read once the batch is stored.
    pub to: i64,
}

/// What one SQL transaction stores. Rows need no order.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Whose positions these are.
    pub sink: String,
    /// Id of the Kafka cluster, noted beside the positions.
    pub cluster_id: String,
    /// The positions that move: at least one, and one for every partition that a row came from.
    pub advances: Vec<Advance>,
    /// Where the payments go.
    pub table: Table,
    /// Payments.
    pub payments: Vec<PaymentRow>,
    /// Alerts.
    pub alerts: Vec<AlertRow>,
    /// Records that could not be read.
    pub dead_letters: Vec<DeadLetterRow>,
}

/// How a batch ended. Either way it is known: an answer that got lost was asked for again.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a fenced batch stored nothing"]
pub enum Committed {
    /// Rows and positions are in the database.
    Stored {
        /// Payments that are there now and were not before.
        rows: u64,
        /// Payments and dead letters that were there already, with equal bytes.
        duplicates: Vec<RowKey>,
        /// Payments that the database refused for what is in them; each is a row of `dead_letters`.
        dead_lettered: Vec<Refused>,
    },
    /// Nothing was stored: these partitions are no longer ours, or their position is not where we left it.
    Fenced {
        /// Which of the batch's partitions.
        partitions: Vec<Partition>,
    },
}

/// A payment that became a dead letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Key of the payment.
    pub key: RowKey,
    /// What the database said.
    pub error: String,
}

impl fmt::Display for Partition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.topic, self.partition)
    }
}
