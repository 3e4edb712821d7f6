//! Logs, positions and transactions, as far as clients can see them.
//!
//! Kept from Kafka: what a transaction wrote and the positions it added show at its commit and not before; a new producer of the
//! same id ends what the old one left open and fences it; positions of an old generation are refused; whoever asks for positions
//! waits for transactions that are about to store some; a request whose caller gave up may arrive later, in whatever transaction
//! of that producer is open then.

use std::collections::{BTreeMap, BTreeSet};

/// A record's place: id of the topic, partition, offset.
pub type Source = (String, i32, i64);

#[derive(Debug, Default)]
pub struct Brokers {
    pub topic_id: String,
    /// Partitions whose log begins past their position.
    pub cut: BTreeSet<i32>,
    low: BTreeMap<i32, i64>,
    /// Ends of partitions that retention has taken records from.
    ends: BTreeMap<i32, i64>,
    /// The offsets of the records of each partition; the gaps are control records.
    pub log: Vec<Vec<i64>>,
    pub committed: BTreeMap<i32, (i64, String)>,
    pub output: Vec<Source>,
    /// The epoch of the transactional id.
    pub epoch: u32,
    pub open: Option<Transaction>,
    /// The first time that positions and output did not agree.
    pub unbalanced: Option<String>,
    late: Vec<(usize, Late)>,
}

/// What a producer has under way on the brokers.
#[derive(Debug, Default)]
pub struct Transaction {
    pub records: Vec<Source>,
    pub positions: Vec<(i32, i64)>,
    pub metadata: String,
}

#[derive(Debug, Clone)]
pub enum Late {
    Commit {
        epoch: u32,
    },
    Positions {
        epoch: u32,
        generation: u32,
        positions: Vec<(i32, i64)>,
        metadata: String,
    },
}

impl Brokers {
    pub fn new(records: &[usize]) -> Self {
        Self {
            topic_id: "A".to_owned(),
            log: records.iter().map(|count| offsets(*count)).collect(),
            ..Self::default()
        }
    }

    /// The topic is deleted and made anew, with so many records in each partition.
    pub fn renew(&mut self, records: usize) {
        self.topic_id.push('+');
        self.low.clear();
        self.ends.clear();
        self.cut.clear();
        for log in &mut self.log {
            *log = offsets(records);
        }
    }

    pub fn partitions(&self) -> Vec<i32> {
        (0..self.log.len() as i32).collect()
    }

    /// Where the log of a partition begins.
    pub fn low(&self, partition: i32) -> i64 {
        self.low.get(&partition).copied().unwrap_or(0)
    }

    /// Deletes the records of a partition before this offset.
    pub fn retain(&mut self, partition: i32, low: i64) {
        let Some(end) = self.ends().get(partition as usize).copied() else {
            return;
        };
        let low = low.clamp(self.low(partition), end);
        // Nobody can tell whether there were records or only a transaction's marks.
        if self.position(partition).unwrap_or(0) < low {
            self.cut.insert(partition);
        }
        self.log[partition as usize].retain(|offset| *offset >= low);
        self.low.insert(partition, low);
        self.ends.insert(partition, end);
    }

    /// The end of each partition: behind its last record is the marker of its last transaction.
    pub fn ends(&self) -> Vec<i64> {
        let end = |(partition, log): (i32, &Vec<i64>)| {
            let emptied = self.ends.get(&partition).copied().unwrap_or(0);
            log.last().map_or(emptied, |offset| offset + 2)
        };
        (0..).zip(&self.log).map(end).collect()
    }

    /// Every record of the topic as it is now.
    pub fn sources(&self) -> Vec<Source> {
        let of = |(partition, log): (i32, &Vec<i64>)| -> Vec<Source> {
            let source = |offset: &i64| (self.topic_id.clone(), partition, *offset);
            log.iter().map(source).collect()
        };
        (0..).zip(&self.log).flat_map(of).collect()
    }

    /// A new producer of the id: what the old one has open ends.
    pub fn new_epoch(&mut self) {
        self.epoch += 1;
        self.open = None;
    }

    pub fn commit(&mut self) {
        let Some(open) = self.open.take() else { return };
        self.output.extend(open.records);
        for (partition, next) in open.positions {
            self.committed
                .insert(partition, (next, open.metadata.clone()));
        }
        self.balance();
    }

    /// A request is under way until that call.
    pub fn send_later(&mut self, until: usize, late: Late) {
        self.late.push((until, late));
    }

    /// Whether a transaction is about to store a position of this partition.
    pub fn is_unstable(&self, partition: i32) -> bool {
        let open = self.open.iter().flat_map(|open| &open.positions);
        open.into_iter().any(|(pending, _)| *pending == partition)
    }

    pub fn deliver(&mut self, now: usize, current: u32) {
        let (due, wait) = std::mem::take(&mut self.late)
            .into_iter()
            .partition(|(at, _)| *at <= now);
        self.late = wait;
        let due: Vec<(usize, Late)> = due;
        for (_, late) in due {
            match late {
                Late::Commit { epoch } if epoch == self.epoch => self.commit(),
                Late::Positions {
                    epoch,
                    generation,
                    positions,
                    metadata,
                } if (epoch, generation) == (self.epoch, current) => {
                    let open = self.open.get_or_insert_default();
                    (open.positions, open.metadata) = (positions, metadata);
                }
                Late::Commit { .. } | Late::Positions { .. } => {}
            }
        }
    }

    /// Another member reads one record, exactly once as we do.
    pub fn read_elsewhere(&mut self, partition: i32) {
        if self.is_unstable(partition) {
            return;
        }
        let from = self.position(partition).unwrap_or(self.low(partition));
        // It halts where we would.
        if from < self.low(partition) {
            return;
        }
        let next = self.log[partition as usize]
            .iter()
            .find(|offset| **offset >= from);
        if let Some(offset) = next.copied() {
            self.output.push((self.topic_id.clone(), partition, offset));
            self.committed
                .insert(partition, (offset + 1, self.topic_id.clone()));
        }
        self.balance();
    }

    /// What is committed for a partition of the topic as it is now.
    pub fn position(&self, partition: i32) -> Option<i64> {
        let (next, id) = self.committed.get(&partition)?;
        (*id == self.topic_id).then_some(*next)
    }

    /// Positions outside of any transaction.
    pub fn commit_plainly(&mut self, positions: &[(i32, i64)], metadata: &str) {
        for (partition, next) in positions {
            self.committed
                .insert(*partition, (*next, metadata.to_owned()));
        }
        self.balance();
    }

    /// Whenever a position moves or output appears: what is decided of a partition are the records below its position, each once
    /// and in the order of the log.
    fn balance(&mut self) {
        for (partition, log) in (0..).zip(&self.log) {
            let low = self.low(partition);
            let ours = |(id, number, offset): &&Source| {
                *id == self.topic_id && *number == partition && *offset >= low
            };
            let decided: Vec<i64> = self
                .output
                .iter()
                .filter(ours)
                .map(|source| source.2)
                .collect();
            let position = self.position(partition).unwrap_or(low);
            let below = log.iter().copied().take_while(|offset| *offset < position);
            let below: Vec<i64> = below.collect();
            if decided != below && self.unbalanced.is_none() {
                self.unbalanced = Some(format!(
                    "partition {partition} stands at {position}, so {below:?} should be decided; decided are {decided:?}"
                ));
            }
        }
    }
}

/// A gap after every second record: a position that is one too far passes over a record here and over nothing there.
fn offsets(count: usize) -> Vec<i64> {
    (0..count as i64)
        .map(|number| number + number / 2)
        .collect()
}
