//! Reading spans of a topic to their end.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer as _;
use rdkafka::error::KafkaError;
use rdkafka::message::BorrowedMessage;
use rdkafka::{Message as _, Offset, TopicPartitionList};
use tracing::debug;

use super::reach::{Reach, Taken};
use super::refusal::{Refusal, Sorted};
use super::{ASK, Limits, LogError, LogReader, PAUSE, Span, gave_up};
use crate::headers::Headers;
use crate::record::Record;

/// Between two looks at last stable offsets that an open transaction holds back.
const LOOK: Duration = Duration::from_millis(250);

impl LogReader {
    /// Hands every committed record of these spans to `each`, partitions mixed, each partition in order. Answers with the place
    /// where each partition would go on. What retention takes meanwhile is skipped.
    pub fn read(
        &self,
        topic: &str,
        spans: &[Span],
        limits: &Limits,
        mut each: impl FnMut(&Record<'_>),
    ) -> Result<BTreeMap<i32, i64>, LogError> {
        let mut reach = Reach::new(spans);
        if reach.is_done() {
            return Ok(reach.next());
        }
        // Where no transaction is open nothing has to be sought later.
        self.settle(topic, &mut reach, limits)?;
        let wanted = spans.iter().filter(|span| span.from < span.to);
        let places: Vec<(i32, i64)> = wanted.map(|span| (span.partition, span.from)).collect();
        let places = list(topic, &places)?;
        self.stable.assign(&places).map_err(gave_up)?;
        // A pause outlives the assignment that it was made in.
        self.stable.resume(&places).map_err(gave_up)?;
        let outcome = self.follow(topic, &mut reach, limits, &mut each);
        // Nothing of this topic may come when the next one is read.
        let unassigned = self.stable.unassign().map_err(gave_up);
        outcome?;
        unassigned?;
        Ok(reach.next())
    }

    fn follow(
        &self,
        topic: &str,
        reach: &mut Reach,
        limits: &Limits,
        each: &mut dyn FnMut(&Record<'_>),
    ) -> Result<(), LogError> {
        let mut trouble: Option<String> = None;
        let mut look = Instant::now() + LOOK;
        while !reach.is_done() {
            if limits.stop.is_cancelled() {
                return Err(LogError::Stopped);
            }
            if limits.left().is_zero() {
                return Err(self.out_of_time(topic, reach, limits, trouble));
            }
            if Instant::now() >= look {
                for (partition, next) in self.settle(topic, reach, limits)? {
                    self.seek(topic, partition, next, limits)?;
                }
                look = Instant::now() + LOOK;
            }
            match self.stable.poll(PAUSE) {
                Some(Ok(message)) => {
                    let record = record(&message);
                    let taken = match record.topic == topic {
                        true => reach.take(record.partition, record.offset),
                        false => Taken::No,
                    };
                    if taken != Taken::No {
                        each(&record);
                    }
                    if taken == Taken::Last {
                        self.pause(topic, record.partition);
                    }
                }
                Some(Err(KafkaError::PartitionEOF(partition))) => {
                    if reach.ended(partition) {
                        self.pause(topic, partition);
                    }
                }
                Some(Err(error)) => match Refusal::from(error).sort(&format!("read topic {topic}"))
                {
                    Sorted::Gone => self.skip(topic, reach, limits)?,
                    Sorted::Final(error) => return Err(error),
                    Sorted::Passing(why) => {
                        debug!(topic, why, "reading goes on");
                        trouble = Some(why);
                    }
                },
                None => {
                    if let Some(why) = self.connection.denied() {
                        return Err(LogError::Denied(why));
                    }
                }
            }
        }
        Ok(())
    }

    /// Looks which partitions have become stable up to the end that is wanted, and where they have come to.
    fn settle(
        &self,
        topic: &str,
        reach: &mut Reach,
        limits: &Limits,
    ) -> Result<Vec<(i32, i64)>, LogError> {
        let mut settled = Vec::new();
        for partition in reach.unstable() {
            let (_, stable) = self.ends(&self.stable, topic, partition, limits)?;
            settled.extend(
                reach
                    .stable(partition, stable)
                    .map(|next| (partition, next)),
            );
        }
        Ok(settled)
    }

    /// Goes on where the logs begin, when retention was quicker than we.
    fn skip(&self, topic: &str, reach: &mut Reach, limits: &Limits) -> Result<(), LogError> {
        let mut skipped = false;
        for marks in self.watermarks(topic, &reach.unfinished(), limits)? {
            if let Some(low) = reach.raise(marks.partition, marks.low) {
                self.seek(topic, marks.partition, low, limits)?;
                skipped = true;
            }
        }
        if skipped {
            return Ok(());
        }
        Err(LogError::Client(format!(
            "a place in topic {topic} lies outside of its log"
        )))
    }

    fn seek(
        &self,
        topic: &str,
        partition: i32,
        offset: i64,
        limits: &Limits,
    ) -> Result<(), LogError> {
        let place = list(topic, &[(partition, offset)])?;
        self.ask(limits, &format!("seek in {topic}/{partition}"), || {
            let sought = self.stable.seek_partitions(place.clone(), ASK)?;
            sought
                .elements()
                .iter()
                .try_for_each(|element| element.error())?;
            Ok(())
        })
    }

    /// Fetches no more of a partition that is done. What comes all the same is not taken.
    fn pause(&self, topic: &str, partition: i32) {
        let paused = list(topic, &[(partition, 0)]).map(|place| self.stable.pause(&place));
        if let Ok(Err(error)) = paused {
            debug!(topic, partition, %error, "could not pause");
        }
    }

    fn out_of_time(
        &self,
        topic: &str,
        reach: &Reach,
        limits: &Limits,
        trouble: Option<String>,
    ) -> LogError {
        let unstable = reach.unstable();
        let (partition, reached, end) = reach.behind().unwrap_or_default();
        let why = match (self.connection.answers(), trouble) {
            (Err(why), _) | (Ok(()), Some(why)) => why,
            (Ok(()), None) if unstable.contains(&partition) => {
                "a transaction is still open there".to_owned()
            }
            (Ok(()), None) => "there is more than could be read".to_owned(),
        };
        LogError::OutOfTime {
            topic: topic.to_owned(),
            partition,
            reached,
            end,
            limit: limits.deadline,
            why,
        }
    }
}

fn record<'a>(message: &'a BorrowedMessage<'_>) -> Record<'a> {
    Record {
        topic: message.topic(),
        partition: message.partition(),
        offset: message.offset(),
        timestamp_ms: message.timestamp().to_millis(),
        key: message.key(),
        payload: message.payload(),
        headers: message.headers().map_or(Headers::None, Headers::Native),
    }
}

fn list(topic: &str, places: &[(i32, i64)]) -> Result<TopicPartitionList, LogError> {
    let mut list = TopicPartitionList::with_capacity(places.len());
    for (partition, offset) in places {
        list.add_partition_offset(topic, *partition, Offset::Offset(*offset))
            .map_err(gave_up)?;
    }
    Ok(list)
}
