//! The database: positions with epochs, and rows.

use std::collections::{BTreeMap, BTreeSet};

use store::{
    Advance, Batch, Claim, Committed, DeadLetterRow, Partition, Refused, RowKey, StoreError,
    Trouble,
};

use super::log::{Log, UNSTORABLE, is_alarming};

/// What is stored.
#[derive(Debug, Default)]
pub struct Tables {
    positions: BTreeMap<Partition, Place>,
    /// Payments and dead letters by their key.
    rows: BTreeMap<RowKey, Row>,
    alerts: BTreeSet<RowKey>,
    /// The rule that was broken, once one is.
    pub broken: Option<String>,
    /// Without it a database does not look at epochs: something for the model to notice.
    pub ignores_epochs: bool,
    /// The same for positions.
    pub ignores_positions: bool,
    pub fences: usize,
}

/// A row of `sink_offset`.
#[derive(Debug, Default)]
struct Place {
    epoch: i64,
    next: Option<i64>,
    owner: String,
    /// The owner cannot know where the position stands: a call of his that failed did its work.
    unseen: bool,
}

#[derive(Debug)]
struct Row {
    payload: Vec<u8>,
    /// The records that say it: more than one when the source was sent twice.
    places: Vec<RowKey>,
}

impl Tables {
    pub fn claim(&mut self, partition: &Partition, owner: &str) -> Claim {
        let place = self.positions.entry(partition.clone()).or_default();
        place.epoch += 1;
        place.owner = owner.to_owned();
        place.unseen = false;
        Claim {
            epoch: place.epoch,
            next_offset: place.next,
        }
    }

    /// One SQL transaction. `seen` says whether its answer will reach who sent it.
    pub fn commit(
        &mut self,
        batch: &Batch,
        owner: &str,
        seen: bool,
    ) -> Result<Committed, StoreError> {
        let fenced: Vec<Partition> = batch
            .advances
            .iter()
            .filter(|advance| !self.moves(advance, owner, seen))
            .map(|advance| advance.partition.clone())
            .collect();
        if !fenced.is_empty() {
            self.fences += 1;
            return Ok(Committed::Fenced { partitions: fenced });
        }
        let (mut duplicates, mut refused, mut letters) = (Vec::new(), Vec::new(), Vec::new());
        let mut new = Vec::new();
        for row in &batch.payments {
            if row.country.as_deref() == Some(UNSTORABLE) {
                let error = "the row is bad".to_owned();
                refused.push(Refused {
                    key: row.key.clone(),
                    error,
                });
                letters.push((row.key.clone(), row.place.clone(), row.payload.clone()));
            } else {
                new.push((row.key.clone(), row.place.clone(), row.payload.clone()));
            }
        }
        for DeadLetterRow {
            key,
            place,
            payload,
            ..
        } in &batch.dead_letters
        {
            letters.push((
                key.clone(),
                place.clone(),
                payload.clone().unwrap_or_default(),
            ));
        }
        new.extend(letters);
        // First looked at, then written: a conflict leaves nothing behind.
        let mut payloads: BTreeMap<&RowKey, &[u8]> = BTreeMap::new();
        for (key, _, payload) in &new {
            let stored = self.rows.get(key).map(|row| row.payload.as_slice());
            match stored.or(payloads.get(key).copied()) {
                Some(bytes) if bytes == payload.as_slice() => duplicates.push(key.clone()),
                Some(_) => {
                    return Err(StoreError::new(
                        Trouble::Conflict,
                        "store a batch",
                        key.to_string(),
                    ));
                }
                None => drop(payloads.insert(key, payload)),
            }
        }
        let rows = new.len().saturating_sub(duplicates.len() + refused.len()) as u64;
        for (key, place, payload) in new {
            let places = Vec::new();
            let row = self.rows.entry(key).or_insert(Row { payload, places });
            if row.places.contains(&place) {
                self.broken
                    .get_or_insert_with(|| format!("the record {place} was stored twice"));
            }
            row.places.push(place);
        }
        self.alerts
            .extend(batch.alerts.iter().map(|alert| alert.key.clone()));
        for advance in &batch.advances {
            let place = self.positions.entry(advance.partition.clone()).or_default();
            place.next = Some(advance.to);
            place.unseen |= !seen;
        }
        Ok(Committed::Stored {
            rows,
            duplicates,
            dead_lettered: refused,
        })
    }

    /// Whether a position may move so.
    fn moves(&mut self, advance: &Advance, owner: &str, seen: bool) -> bool {
        let Some(place) = self.positions.get(&advance.partition) else {
            return false;
        };
        let (current, there) = (place.epoch == advance.epoch, place.next == advance.from);
        if current && !there && seen && !place.unseen {
            let why = format!(
                "{owner} is the owner of {} and takes its position for {:?}; it is {:?}",
                advance.partition, advance.from, place.next
            );
            self.broken.get_or_insert(why);
        }
        (current || self.ignores_epochs) && (there || self.ignores_positions)
    }

    pub fn position(&self, partition: &Partition) -> Option<i64> {
        self.positions.get(partition).and_then(|place| place.next)
    }

    /// The furthest position of a partition, over all topics that ever had the name.
    pub fn furthest(&self, number: i32) -> Option<i64> {
        let of_number = |(partition, _): &(&Partition, &Place)| partition.partition == number;
        let places = self.positions.iter().filter(of_number);
        places.filter_map(|(_, place)| place.next).max()
    }

    /// How many alerts are stored.
    pub fn alerts(&self) -> usize {
        self.alerts.len()
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// Every record before the position is in one row exactly once, and none after it; alerts are those of the rows.
    pub fn check(&mut self, log: &Log, topic_id: &str) {
        let alarming = |(_, row): &(&RowKey, &Row)| is_alarming(&row.payload);
        let expected = self.rows.iter().filter(alarming).map(|(key, _)| key);
        if !expected.eq(&self.alerts) {
            let why = format!("the alerts are not those of the rows: {:?}", self.alerts);
            self.broken.get_or_insert(why);
        }
        for number in log.partitions() {
            let mut places: Vec<i64> = self
                .rows
                .values()
                .flat_map(|row| &row.places)
                .filter(|place| place.partition == number && *place.topic_id == *topic_id)
                .map(|place| place.offset)
                .filter(|offset| *offset >= log.start(number))
                .collect();
            places.sort_unstable();
            let position = self
                .positions
                .iter()
                .find(|(partition, _)| {
                    partition.partition == number && *partition.topic_id == *topic_id
                })
                .and_then(|(_, place)| place.next)
                .unwrap_or(0);
            let expected: Vec<i64> = log
                .entries(number)
                .iter()
                .map(|entry| entry.offset)
                .take_while(|offset| *offset < position)
                .collect();
            if places != expected {
                let why = format!(
                    "partition {number} stands at {position}, so the records {expected:?} should be stored; stored are {places:?}"
                );
                self.broken.get_or_insert(why);
            }
        }
    }
}
