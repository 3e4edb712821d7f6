//! Positions as an operator sets them by hand.

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _, ConsumerGroupMetadata};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use super::cluster::Cluster;

/// Commits positions for a group that has no member.
pub struct Committer(BaseConsumer);

impl Cluster {
    /// Commits for this group.
    pub fn committer(&self, group: &str) -> Committer {
        let consumer = ClientConfig::new()
            .set("bootstrap.servers", self.config().bootstrap_servers)
            .set("group.id", group)
            .create()
            .expect("a consumer");
        Committer(consumer)
    }
}

impl Committer {
    /// Commits the next offset of each partition, `metadata` beside it; done when this returns.
    pub fn commit(&self, topic: &str, next: &[(i32, i64)], metadata: &str) {
        let list = positions(topic, next, metadata);
        self.0.commit(&list, CommitMode::Sync).expect("committed");
    }

    pub(super) fn metadata(&self) -> ConsumerGroupMetadata {
        self.0.group_metadata().expect("a group")
    }
}

pub(super) fn positions(topic: &str, next: &[(i32, i64)], metadata: &str) -> TopicPartitionList {
    let mut list = TopicPartitionList::new();
    for (partition, offset) in next {
        let mut element = list.add_partition(topic, *partition);
        element
            .set_offset(Offset::Offset(*offset))
            .expect("a position");
        element.set_metadata(metadata);
    }
    list
}
