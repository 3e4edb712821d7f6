//! What the end of an errand means for the partitions.

use std::collections::HashSet;

use kafka::Consume;
use store::{
    Batch, Claim, Committed, Database, Fate, PaymentRow, Refused, RowKey, StoreError, UNSTORABLE,
};
use tracing::{debug, info, warn};

use crate::desk::Done;
use crate::partition::{Owned, Stage};
use crate::row::Shelf;
use crate::sink::{Sink, SinkError};

impl<C: Consume, D: Database, S: Shelf> Sink<C, D, S> {
    pub(super) fn settle(&mut self, done: Done) -> Result<(), SinkError> {
        match done {
            Done::Claimed {
                partition,
                generation,
                outcome,
            } => self.claimed(partition, generation, outcome),
            Done::Stored { batch, outcome } => {
                self.storing = None;
                self.stored(*batch, outcome)
            }
        }
    }

    fn claimed(
        &mut self,
        partition: i32,
        generation: u64,
        outcome: Result<Claim, StoreError>,
    ) -> Result<(), SinkError> {
        // The group took the partition away and gave it back meanwhile: another claim is on its way.
        let Some(held) = self
            .held
            .get_mut(&partition)
            .filter(|held| held.generation == generation)
        else {
            return Ok(());
        };
        match outcome {
            Ok(Claim { epoch, next_offset }) => {
                info!(
                    topic = self.identity.topic,
                    partition,
                    epoch,
                    position = next_offset,
                    "partition claimed"
                );
                held.stage = Stage::Seeking(Owned {
                    epoch,
                    stored: next_offset,
                    next: None,
                });
            }
            Err(error) if error.fate() == Fate::Again => {
                debug!(topic = self.identity.topic, partition, %error, "could not claim; will be tried again");
                self.metrics.database_retries.inc();
                held.let_go();
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    fn stored(
        &mut self,
        batch: Batch,
        outcome: Result<Committed, StoreError>,
    ) -> Result<(), SinkError> {
        match outcome {
            Ok(Committed::Stored {
                duplicates,
                dead_lettered,
                ..
            }) => self.count(batch, &duplicates, &dead_lettered),
            Ok(Committed::Fenced { partitions }) => {
                self.metrics.fenced.inc();
                let fenced: Vec<i32> = partitions
                    .iter()
                    .map(|partition| partition.partition)
                    .collect();
                warn!(topic = self.identity.topic, partitions = ?fenced, "fenced: somebody else took partitions; nothing was stored");
                self.rewind(&batch, &fenced);
            }
            Err(error) => match error.fate() {
                // Only what was given up ends like this, and then nobody listens.
                Fate::Again => self.rewind(&batch, &[]),
                Fate::Stop => return Err(error.into()),
                Fate::Row | Fate::Conflict => match batch.advances.as_slice() {
                    [only] => {
                        let number = only.partition.partition;
                        self.halt(
                            number,
                            &format!("partition {} stands still: {error}", only.partition),
                        );
                    }
                    several => {
                        warn!(topic = self.identity.topic, %error, "a batch cannot be stored; storing partitions one at a time to find the row");
                        self.suspects
                            .extend(several.iter().map(|advance| advance.partition.partition));
                        self.rewind(&batch, &[]);
                    }
                },
            },
        }
        Ok(())
    }

    /// Nothing of the batch was stored: its partitions are read again from where they were; the fenced ones are claimed first.
    fn rewind(&mut self, batch: &Batch, fenced: &[i32]) {
        for advance in &batch.advances {
            let number = advance.partition.partition;
            self.buffer.drop_partition(number);
            let Some(held) = self.held.get_mut(&number) else {
                continue;
            };
            if held
                .reading()
                .is_none_or(|owned| owned.epoch != advance.epoch)
            {
                continue; // it came back to us under a new claim
            }
            if fenced.contains(&number) {
                held.let_go()
            } else {
                held.rewind()
            }
        }
    }

    fn count(&mut self, batch: Batch, duplicates: &[RowKey], dead_lettered: &[Refused]) {
        let mut next = Vec::with_capacity(batch.advances.len());
        for advance in &batch.advances {
            let number = advance.partition.partition;
            self.suspects.remove(&number);
            if let Some(held) = self.held.get_mut(&number) {
                held.stored(advance.epoch, advance.to);
                self.untold.insert(number, advance.to);
                next.push((number, advance.to));
            }
        }
        self.consumer.store(&next);
        self.watch.connection.heard_from();

        self.metrics.duplicates.inc_by(duplicates.len() as u64);
        self.metrics
            .dead_lettered(UNSTORABLE, dead_lettered.len() as u64);
        for letter in &batch.dead_letters {
            self.metrics.dead_lettered(&letter.reason, 1);
        }
        let rows = new_rows(batch.payments, duplicates, dead_lettered);
        let now_ms = (self.options.now_ms)();
        for row in &rows {
            self.metrics.stored(row.state, 1);
            self.metrics
                .stored_latency
                .observe(now_ms.saturating_sub(row.event_time).max(0) as f64 / 1000.0);
        }
        self.kafka_metrics
            .lag_seconds
            .set(rows.last().map_or(0.0, |row| {
                now_ms.saturating_sub(row.event_time).max(0) as f64 / 1000.0
            }));
        self.shelf.stored(&rows);
        debug!(
            topic = self.identity.topic,
            rows = rows.len(),
            "batch stored"
        );
    }
}

/// The rows that were not there before and are there now.
fn new_rows(
    mut rows: Vec<PaymentRow>,
    duplicates: &[RowKey],
    dead_lettered: &[Refused],
) -> Vec<PaymentRow> {
    if !duplicates.is_empty() || !dead_lettered.is_empty() {
        let old: HashSet<&RowKey> = duplicates
            .iter()
            .chain(dead_lettered.iter().map(|refused| &refused.key))
            .collect();
        rows.retain(|row| !old.contains(&row.key));
    }
    rows
}
