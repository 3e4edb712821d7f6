//! A member of a consumer group that reads one topic.

mod consume;
mod fault;

use std::sync::Arc;
use std::time::Duration;

use rdkafka::consumer::{
    BaseConsumer, CommitMode, Consumer as _, ConsumerGroupMetadata, RebalanceProtocol,
};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::BorrowedMessage;
use rdkafka::topic_partition_list::TopicPartitionListElem;
use rdkafka::{Message as _, Offset, TopicPartitionList};
use tracing::{info, warn};

use crate::config::Config;
use crate::connection::Connection;
use crate::context::Context;
use crate::headers::Headers;
use crate::lag::Lag;
use crate::metrics::Metrics;
use crate::record::{Received, Record};
use crate::{client, embedded, native};

pub use consume::{Committed, Consume, Polled, Position};
pub use fault::ConsumeFault;
use fault::{fatal, passing, reported};

/// A [`Consume`] on real brokers.
pub struct Consumer {
    consumer: BaseConsumer<Context>,
    topic: String,
    lag: Lag,
    embedded: bool,
}

impl Consumer {
    /// Makes the client and subscribes; it joins the group as it is polled.
    ///
    /// # Errors
    /// librdkafka's sentence about a setting that it does not take.
    pub fn subscribe(
        config: &Config,
        group: &str,
        topic: &str,
        metrics: &Metrics,
        connection: Arc<Connection>,
    ) -> Result<Self, ConsumeFault> {
        let lag = metrics.lag_of(topic);
        let context = Context::new(connection, Some(lag.clone()));
        let consumer: BaseConsumer<Context> = client::group_consumer(config, group)
            .create_with_context(context)
            .map_err(fatal)?;
        consumer.subscribe(&[topic]).map_err(fatal)?;
        info!(topic, group, "joining the consumer group");
        Ok(Self {
            consumer,
            topic: topic.to_owned(),
            lag,
            embedded: config.embedded,
        })
    }

    /// Leaves the group, so that its partitions go to others at once, and ends the client.
    ///
    /// Dropping a consumer may hang (rust-rdkafka #509, #611): it is waited for until `limit` and then left behind, which only
    /// a process that ends should do.
    pub fn close(self, limit: Duration) {
        let topic = self.topic.clone();
        let (done, closed) = std::sync::mpsc::channel();
        let ended = std::thread::Builder::new()
            .name("consumer-close".to_owned())
            .spawn(move || {
                drop(self);
                // Whoever waited may have given up.
                let _ = done.send(());
            });
        if ended.is_err() || closed.recv_timeout(limit).is_err() {
            warn!(
                topic,
                "the consumer did not close in time and is left behind"
            );
        }
    }

    fn list(&self, positions: &[(i32, Position)]) -> Result<TopicPartitionList, ConsumeFault> {
        let mut list = TopicPartitionList::with_capacity(positions.len());
        for (partition, position) in positions {
            let offset = match position {
                Position::Beginning => Offset::Beginning,
                Position::At(offset) => Offset::Offset(*offset),
            };
            list.add_partition_offset(&self.topic, *partition, offset)
                .map_err(passing)?;
        }
        Ok(list)
    }

    fn partitions(&self, partitions: &[i32]) -> TopicPartitionList {
        let mut list = TopicPartitionList::with_capacity(partitions.len());
        for partition in partitions {
            list.add_partition(&self.topic, *partition);
        }
        list
    }

    fn next(&self, next: &[(i32, i64)]) -> Option<TopicPartitionList> {
        let positions: Vec<_> = next
            .iter()
            .map(|(partition, offset)| (*partition, Position::At(*offset)))
            .collect();
        self.list(&positions).ok()
    }

    fn not_sought(&self, partition: i32, error: &KafkaError) -> ConsumeFault {
        match error.rdkafka_error_code() {
            // A partition that is not fetched at all: just assigned, or given up after a report of an offset out of range.
            Some(RDKafkaErrorCode::State) => ConsumeFault::Stopped(format!(
                "partition {partition} of {} cannot be sought: the client does not read it",
                self.topic
            )),
            _ => ConsumeFault::Passing(format!(
                "seek in partition {partition} of {}: {error}",
                self.topic
            )),
        }
    }

    fn cooperative(&self) -> bool {
        matches!(
            self.consumer.rebalance_protocol(),
            RebalanceProtocol::Cooperative
        )
    }
}

/// The client waits in its own drop for answers to whatever the group still asks, and nobody polls any more who could give them.
impl Drop for Consumer {
    fn drop(&mut self) {
        self.consumer.context().close();
    }
}

impl Consume for Consumer {
    type Message<'a> = Fetched<'a>;
    type Group = ConsumerGroupMetadata;

    fn poll(&self, wait: Duration) -> Polled<Fetched<'_>> {
        if let Some(rebalance) = self.consumer.context().next_rebalance() {
            return Polled::Rebalance(rebalance);
        }
        match self.consumer.poll(wait) {
            Some(Ok(message)) => Polled::Message(Fetched(message)),
            Some(Err(error)) => reported(error).map_or(Polled::Nothing, Polled::Fault),
            None => self
                .consumer
                .context()
                .next_rebalance()
                .map_or(Polled::Nothing, Polled::Rebalance),
        }
    }

    fn assign(&self, positions: &[(i32, Position)]) -> Result<(), ConsumeFault> {
        let list = self.list(positions)?;
        let outcome = if self.cooperative() {
            self.consumer.incremental_assign(&list)
        } else {
            self.consumer.assign(&list)
        };
        outcome.map_err(passing)?;
        // librdkafka keeps an application's pause over unassign and assign: a partition that went while it was paused would
        // come back deaf. Lag is counted from the stored offset, and the first one is the position.
        let mut next = Vec::with_capacity(positions.len());
        for (partition, position) in positions {
            self.resume(&[*partition]);
            if let Position::At(offset) = position {
                next.push((*partition, *offset));
            }
        }
        self.store(&next);
        Ok(())
    }

    fn unassign(&self, partitions: &[i32]) -> Result<(), ConsumeFault> {
        self.lag.forget(partitions);
        let outcome = if self.cooperative() {
            self.consumer
                .incremental_unassign(&self.partitions(partitions))
        } else {
            self.consumer.unassign()
        };
        outcome.map_err(passing)
    }

    fn seek(&self, positions: &[(i32, Position)], limit: Duration) -> Result<(), ConsumeFault> {
        let list = self
            .consumer
            .seek_partitions(self.list(positions)?, limit)
            .map_err(passing)?;
        list.elements().iter().try_for_each(|element| {
            element
                .error()
                .map_err(|error| self.not_sought(element.partition(), &error))
        })
    }

    fn pause(&self, partitions: &[i32]) {
        if let Err(error) = self.consumer.pause(&self.partitions(partitions)) {
            // Records that come all the same are dropped by whoever paused, and read again later.
            warn!(topic = self.topic, %error, "could not pause");
        }
    }

    fn resume(&self, partitions: &[i32]) {
        if let Err(error) = self.consumer.resume(&self.partitions(partitions)) {
            warn!(topic = self.topic, %error, "could not resume");
        }
    }

    fn committed(
        &self,
        partitions: &[i32],
        limit: Duration,
    ) -> Result<Vec<Committed>, ConsumeFault> {
        let list = self
            .consumer
            .committed_offsets(self.partitions(partitions), limit)
            .map_err(passing)?;
        list.elements()
            .iter()
            .map(|element| {
                element.error().map_err(passing)?;
                let offset = match element.offset() {
                    Offset::Offset(offset) => Some(offset),
                    _ => None,
                };
                Ok(Committed {
                    partition: element.partition(),
                    offset,
                    metadata: element.metadata().to_owned(),
                })
            })
            .collect()
    }

    fn commit(&self, next: &[(i32, i64)], metadata: &str) {
        let Some(list) = self.next(next) else { return };
        for (partition, _) in next {
            if let Some(mut element) = list.find_partition(&self.topic, *partition) {
                element.set_metadata(metadata);
            }
        }
        if let Err(error) = self.consumer.commit(&list, CommitMode::Async) {
            warn!(topic = self.topic, %error, "could not commit offsets to Kafka");
        }
    }

    fn store(&self, next: &[(i32, i64)]) {
        // A partition that was taken away in between has no lag of ours any more.
        let _ = self
            .next(next)
            .map(|list| self.consumer.store_offsets(&list));
    }

    fn positions(&self) -> Vec<(i32, i64)> {
        // librdkafka moves these in the order in which it hands out, for records and markers alike (rdkafka_op.c,
        // rd_kafka_op_handle_std), and forgets them at every seek.
        let Ok(list) = self.consumer.position() else {
            return Vec::new();
        };
        let known = |element: &TopicPartitionListElem<'_>| match element.offset() {
            Offset::Offset(offset) => Some((element.partition(), offset)),
            _ => None,
        };
        list.elements().iter().filter_map(known).collect()
    }

    fn watermarks(&self, partition: i32, limit: Duration) -> Result<(i64, i64), ConsumeFault> {
        self.consumer
            .fetch_watermarks(&self.topic, partition, limit)
            .map_err(passing)
    }

    fn topic_id(&self, limit: Duration) -> Result<String, ConsumeFault> {
        let id = native::topic_id(
            self.consumer.client(),
            &self.topic,
            embedded::broker(self.embedded),
            limit,
        )
        .map_err(|why| {
            ConsumeFault::Passing(format!(
                "could not ask for the id of topic {}: {why}",
                self.topic
            ))
        })?;
        Ok(id.unwrap_or_default())
    }

    fn group(&self) -> Option<ConsumerGroupMetadata> {
        // Without a member id the broker would take the offsets as those of a stranger, whom an empty group lets in. Asked in this
        // order: a membership that ends in between is one that the broker refuses.
        let group = self.consumer.group_metadata();
        group.filter(|_| native::is_member(self.consumer.client()))
    }
}

/// A fetched message.
pub struct Fetched<'a>(BorrowedMessage<'a>);

impl Received for Fetched<'_> {
    fn record(&self) -> Record<'_> {
        Record {
            topic: self.0.topic(),
            partition: self.0.partition(),
            offset: self.0.offset(),
            timestamp_ms: self.0.timestamp().to_millis(),
            key: self.0.key(),
            payload: self.0.payload(),
            headers: self.0.headers().map_or(Headers::None, Headers::Native),
        }
    }
}
