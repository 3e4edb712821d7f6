//! How far a worker is behind: records between what it has committed and the end of its partitions.

use prometheus::IntGaugeVec;
use rdkafka::statistics::Statistics;

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
            // -1 says "not known yet": no value is more honest than a wrong one.
            if partition.consumer_lag_stored >= 0 {
                self.gauge
                    .with_label_values(&[&self.topic, &label])
                    .set(partition.consumer_lag_stored);
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
