//! How far a worker is behind: records between what it has committed and the end of its partitions.

use prometheus::IntGaugeVec;
use rdkafka::statistics::{Partition, Statistics};

/// Turns librdkafka's statistics into `consumer_lag_records{topic,partition}`.
///
/// The lag counts offsets from the last *stored* one, which workers store after a commit: offsets committed inside a
/// transaction never reach the client's own statistics of committed ones.
#[derive(Debug, Clone)]
pub struct Lag {
    gauge: IntGaugeVec,
    topic: String,
}

impl Lag {
    pub(crate) fn new(gauge: IntGaugeVec, topic: String) -> Self {
        Self { gauge, topic }
    }

    /// Sets the gauges of the partitions that this client fetches.
    pub(crate) fn tell(&self, statistics: &Statistics) {
        let Some(topic) = statistics.topics.get(&self.topic) else {
            return;
        };
        for partition in topic
            .partitions
            .values()
            .filter(|partition| partition.partition >= 0)
        {
            let label = partition.partition.to_string();
            if partition.fetch_state != "active" {
                continue;
            }
            if let Some(records) = records(partition) {
                self.gauge
                    .with_label_values(&[&self.topic, &label])
                    .set(records);
            }
        }
    }

    /// Partitions that went elsewhere are somebody else's to report.
    pub(crate) fn forget(&self, partitions: &[i32]) {
        for partition in partitions {
            // A partition that never had a value has no gauge to remove.
            let _ = self
                .gauge
                .remove_label_values(&[&self.topic, &partition.to_string()]);
        }
    }
}

/// What is left of a partition, if that is known: no value is more honest than a wrong one.
fn records(partition: &Partition) -> Option<i64> {
    // A transaction ends with a marker that takes an offset and is handed to nobody. So once everything was fetched, handed out and
    // stored, nothing is left, wherever the end is.
    let fetched = partition.next_offset >= partition.ls_offset && partition.fetchq_cnt == 0;
    let stored = partition.app_offset == partition.stored_offset;
    match partition.consumer_lag_stored {
        ..0 => None,
        _ if fetched && stored => Some(0),
        left => Some(left),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partition(stored: i64, handed_out: i64, fetched: i64) -> Partition {
        let end = 11;
        Partition {
            consumer_lag_stored: if stored < 0 { -1 } else { end - stored },
            stored_offset: stored,
            app_offset: handed_out,
            next_offset: fetched,
            ls_offset: end,
            ..Partition::default()
        }
    }

    #[test]
    fn a_commit_marker_at_the_end_is_no_record() {
        assert_eq!(records(&partition(10, 10, 11)), Some(0));
    }

    #[test]
    fn what_was_fetched_and_not_stored_is_left() {
        assert_eq!(records(&partition(8, 10, 11)), Some(3));
        assert_eq!(records(&partition(8, 8, 8)), Some(3));
        let waits = Partition {
            fetchq_cnt: 2,
            ..partition(8, 8, 11)
        };
        assert_eq!(records(&waits), Some(3));
    }

    #[test]
    fn before_a_position_is_known_there_is_no_value() {
        assert_eq!(records(&partition(-1001, -1001, 11)), None);
    }
}
