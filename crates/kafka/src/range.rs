//! Positions that lie outside of their log.

use std::time::Duration;

use crate::consumer::{Consume, ConsumeFault, Position};

/// Puts the log's first offset in the place of "the beginning", by asking the brokers now.
///
/// librdkafka would take the start that it remembers for the partition, which may be that of an earlier topic of the same name: the
/// first records of the new one would be skipped without a word.
///
/// # Errors
/// When the brokers do not tell where a log begins.
pub fn resolved<C: Consume>(
    consumer: &C,
    positions: Vec<(i32, Position)>,
    limit: Duration,
) -> Result<Vec<(i32, Position)>, ConsumeFault> {
    positions
        .into_iter()
        .map(|(partition, position)| match position {
            Position::Beginning => Ok((
                partition,
                Position::At(consumer.watermarks(partition, limit)?.0),
            )),
            Position::At(_) => Ok((partition, position)),
        })
        .collect()
}

/// Finds the partitions whose position lies outside of the log, each with the sentence that says so: a report of an offset out
/// of range names no partition.
///
/// # Errors
/// When the brokers do not tell where a log begins and ends.
pub fn out_of_range<C: Consume>(
    consumer: &C,
    topic: &str,
    positions: impl IntoIterator<Item = (i32, i64)>,
    limit: Duration,
) -> Result<Vec<(i32, String)>, ConsumeFault> {
    let mut found = Vec::new();
    for (partition, position) in positions {
        let (low, high) = consumer.watermarks(partition, limit)?;
        if position < low || position > high {
            let why = format!(
                "partition {partition} of {topic} is halted: its position {position} lies outside of the log, which goes from {low} to \
                 {high}: records were deleted before they were read, or the log was cut; set the stored position by hand to go on"
            );
            found.push((partition, why));
        }
    }
    Ok(found)
}
