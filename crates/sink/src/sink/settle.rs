//! What the end of an errand means for the partitions.

use std::collections::HashMap;

use kafka::Consume;
use store::{
    Advance, Batch, Claim, Committed, Database, Fate, Partition, PaymentRow, Refused, RowKey,
    StoreError, UNSTORABLE,
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
            Done::Broken => Err(SinkError::Panicked),
        }
    }

    fn claimed(
        &mut self,
        partition: Partition,
        generation: u64,
        outcome: Result<Claim, StoreError>,
    ) -> Result<(), SinkError> {
        let number = partition.partition;
        // The group took the partition away and gave it back meanwhile: another claim is on its way.
        let Some(held) = self
            .held
            .get_mut(&number)
            .filter(|held| held.generation == generation)
        else {
            return Ok(());
        };
        match outcome {
            Ok(Claim { epoch, next_offset }) => {
                info!(
                    topic = self.identity.topic,
                    partition = number,
                    epoch,
                    position = next_offset,
                    "partition claimed"
                );
                held.stage = Stage::Seeking(Owned {
                    partition,
                    epoch,
                    stored: next_offset,
                    next: None,
                });
            }
            Err(error) if error.fate() == Fate::Again => {
                debug!(topic = self.identity.topic, partition = number, %error, "could not claim; will be tried again");
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
                    [only] if self.owns(only) => {
                        let number = only.partition.partition;
                        let why = format!("partition {} is halted: {error}", only.partition);
                        self.halt(number, &why);
                    }
                    // It went to somebody else meanwhile, who will find the row.
                    [_] => {}
                    several => {
                        warn!(topic = self.identity.topic, %error, "a batch cannot be stored; storing partitions one at a time to find the row");
                        let ours = several.iter().filter(|advance| self.owns(advance));
                        let suspects: Vec<i32> =
                            ours.map(|advance| advance.partition.partition).collect();
                        self.suspects.extend(suspects);
                        self.rewind(&batch, &[]);
                    }
                },
            },
        }
        Ok(())
    }

    /// Whether this was claimed by us and still is.
    fn owns(&self, advance: &Advance) -> bool {
        let held = self.held.get(&advance.partition.partition);
        held.is_some_and(|held| held.is_of(advance))
    }

    /// Nothing of the batch was stored: its partitions are read again from where they were; the fenced ones are claimed first.
    /// One that went, or came back under a new claim, is none of this batch's business.
    fn rewind(&mut self, batch: &Batch, fenced: &[i32]) {
        for advance in &batch.advances {
            if !self.owns(advance) {
                continue;
            }
            let number = advance.partition.partition;
            self.buffer.drop_partition(number);
            if let Some(held) = self.held.get_mut(&number) {
                if fenced.contains(&number) {
                    held.let_go()
                } else {
                    held.rewind()
                }
            }
        }
    }

    fn count(&mut self, batch: Batch, duplicates: &[RowKey], dead_lettered: &[Refused]) {
        let mut next = Vec::with_capacity(batch.advances.len());
        for advance in &batch.advances {
            let number = advance.partition.partition;
            if let Some(held) = self.held.get_mut(&number)
                && held.stored(advance)
            {
                self.suspects.remove(&number);
                self.untold.insert(number, advance.to);
                next.push((number, advance.to));
            }
        }
        self.watch.vitals.recovered();
        self.consumer.store(&next);

        let now_ms = (self.options.now_ms)();
        let age = |row: &PaymentRow| now_ms.saturating_sub(row.event_time).max(0) as f64 / 1000.0;
        if let Some(last) = batch.payments.last() {
            self.kafka_metrics.lag_seconds.set(age(last));
        }
        self.metrics.duplicates.inc_by(duplicates.len() as u64);
        if let Some(first) = duplicates.first() {
            let (topic, count) = (&self.identity.topic, duplicates.len());
            warn!(topic, count, %first, "payments were stored before, byte for byte; one row each is left");
        }
        self.metrics
            .dead_lettered(UNSTORABLE, dead_lettered.len() as u64);
        let mut old = Tokens::of(
            duplicates
                .iter()
                .chain(dead_lettered.iter().map(|refused| &refused.key)),
        );
        let mut rows = batch.payments;
        rows.retain(|row| !old.take(&row.key));
        for row in &rows {
            self.metrics.stored(row.state, 1);
            self.metrics.stored_latency.observe(age(row));
        }
        for letter in &batch.dead_letters {
            if !old.take(&letter.key) {
                self.metrics.dead_lettered(&letter.reason, 1);
            }
        }
        self.shelf.stored(&rows);
        debug!(
            topic = self.identity.topic,
            rows = rows.len(),
            "batch stored"
        );
    }
}

/// Keys of records that made no new row, each as often as it was told: a batch may hold a source twice, and then one of the two is new.
struct Tokens<'k>(HashMap<&'k RowKey, usize>);

impl<'k> Tokens<'k> {
    fn of(keys: impl Iterator<Item = &'k RowKey>) -> Self {
        let mut tokens = HashMap::new();
        for key in keys {
            *tokens.entry(key).or_default() += 1;
        }
        Self(tokens)
    }

    fn take(&mut self, key: &RowKey) -> bool {
        match self.0.get_mut(key) {
            Some(left) if *left > 0 => {
                *left -= 1;
                true
            }
            _ => false,
        }
    }
}
