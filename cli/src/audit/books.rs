//! The books: what came in, what became of it, and what does not add up. Pure: fed by whoever reads, in the order below, and no
//! input or output of its own.
//!
//! # The order is the guarantee
//!
//! Everything goes on while the books are made. What is read first is the promise, what is read later has to keep it:
//!
//! 1. **The detector's positions.** A payment before its partition's position is *decided*, and what it became is on an output
//!    or on the DLQ, because both were one transaction.
//! 2. **`payments`**, counted by reading: control records and aborted transactions leave gaps, retention leaves a start. What is
//!    there now is *produced*; what comes later is the next audit's.
//! 3. **Outputs and DLQ**, up to the end seen before reading, open transactions waited for. Then **the detector's positions
//!    once more**: nothing seen on an output can be at or past them.
//! 4. **The sinks' positions.** A record before its partition's position is in a table, because both were one SQL transaction.
//! 5. **The rows.** Then **the sinks' positions once more**: no record whose row was seen can be at or past them.
//!
//! # What the numbers say
//!
//! Every produced payment is in exactly one of them, so that always
//! `produced = fraud + legit + dead_lettered + in_flight + missing`:
//!
//! * *fraud*, *legit*: it has a row in that table.
//! * *dead_lettered*: it has a row in `dead_letters`, or it is on the DLQ and in no table.
//! * *in flight*: in no table and not on the DLQ; not decided yet, or on an output at or past the sink's position.
//! * *missing*: the rest. Decided and on no output, or on an output before the sink's position.
//!
//! A payment that was found in two places counts once, where it was found first, and once in *doubled* as well. Beside these:
//!
//! * *doubled*: one source more than once over outputs and DLQ, or over tables, or on the DLQ and in a table.
//! * *foreign*: records on outputs and DLQ whose headers are not ours (or are broken). They are stored under their own place, and
//!   looked for there.
//! * *misrouted*: in the table, or on the output, of the other verdict.
//! * *unstored*: a foreign record, or one whose payment is in `payments` no more, before the sink's position and in no table.
//! * *decided ahead*, *stored ahead*: somebody moved a position back, and what lies after it will be done a second time.
//! * a position outside of its log.
//!
//! Any of these but *foreign* unbalances the books. Sources with another topic id, before the start that retention left, or where
//! `payments` has no record, are counted as *others* and said; nobody misses them.
//!
//! # Memory
//!
//! Four compressed bitmaps for each partition grow with the payments: what is produced, on topics and in tables are runs and
//! cost next to nothing; which of them are fraud costs one bit for each payment at worst, for topics and for tables. So a
//! hundred million payments take 25 MB, whatever else is there.

mod account;
mod balance;
mod side;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;

use account::Account;
pub use balance::{Balance, Finding, Totals, What};
pub use side::Kind;

/// Feeds between two compactions of the bitmaps.
const COMPACT: u64 = 4 << 20;

/// The books of one pipeline.
#[derive(Debug)]
pub struct Books {
    names: Names,
    /// Kafka's id of `payments` as it is now.
    payments_id: String,
    logs: Vec<Log>,
    extents: BTreeMap<i32, Extent>,
    foreign: u64,
    /// The first few that were doubled on topics, each with the place of the repetition.
    repetitions: Vec<String>,
    /// Positions that cannot be, each in a sentence.
    positions: Vec<String>,
    /// How many of each kind are named.
    examples: usize,
    fed: u64,
}

/// The topics of the pipeline.
#[derive(Debug, Clone)]
pub struct Names {
    /// `payments`.
    pub payments: String,
    /// Payments judged as fraud.
    pub fraud: String,
    /// Payments judged as legitimate.
    pub legit: String,
    /// Records that nobody could read.
    pub dead_letters: String,
}

/// A record's identity: its place in the log that it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key<'a> {
    /// Kafka's id of the topic.
    pub topic_id: &'a str,
    /// The topic.
    pub topic: &'a str,
    /// The partition.
    pub partition: i32,
    /// The offset.
    pub offset: i64,
}

/// What a record on an output says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin<'a> {
    /// Ours: the payment that it is, and the kind that its headers say.
    Payment(Key<'a>, Option<Kind>),
    /// Not ours.
    Foreign,
}

/// What a log of `payments` spans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// The first offset that is there.
    pub low: i64,
    /// The offset after the last.
    pub high: i64,
    /// The detector's position, if it has one in this topic.
    pub committed: Option<i64>,
}

#[derive(Debug)]
struct Log {
    topic_id: String,
    topic: String,
    accounts: BTreeMap<i32, Account>,
}

impl Books {
    /// Empty books of a pipeline whose `payments` has this id. Of each kind of finding up to `examples` are named.
    pub fn new(names: Names, payments_id: impl Into<String>, examples: usize) -> Self {
        Self {
            names,
            payments_id: payments_id.into(),
            logs: Vec::new(),
            extents: BTreeMap::new(),
            foreign: 0,
            repetitions: Vec::new(),
            positions: Vec::new(),
            examples,
            fed: 0,
        }
    }

    /// Begins another round over the same logs: what was read of topics stays, tables and positions are read anew.
    pub fn reopen(&mut self) {
        self.positions.clear();
        for account in self
            .logs
            .iter_mut()
            .flat_map(|log| log.accounts.values_mut())
        {
            account.reopen();
        }
    }

    /// Steps 1 and 2: a partition of `payments`, and how far it is decided. What is before its start is there no more.
    pub fn partition(&mut self, partition: i32, extent: Extent) {
        self.extents.insert(partition, extent);
        let account = self.payments(partition);
        account.produced.remove_range(..number(extent.low));
        account.decided = extent.committed.map_or(0, number);
    }

    /// Step 2: a payment that is there.
    pub fn produced(&mut self, partition: i32, offset: i64) {
        self.payments(partition).produced.insert(number(offset));
        self.fed();
    }

    /// Step 3: a record on an output or on the DLQ, at this place.
    pub fn record<'k>(&mut self, kind: Kind, place: Key<'k>, origin: Origin<'k>) {
        let said = match origin {
            Origin::Payment(_, said) => said,
            Origin::Foreign => {
                self.foreign += 1;
                None
            }
        };
        let key = origin.key(place);
        let offset = number(key.offset);
        let account = self.account(key);
        if kind != Kind::Dead && said.is_some_and(|said| said != kind) {
            account.crossed.insert(offset);
        }
        if !account.topics.note(kind, offset) && self.repetitions.len() < self.examples {
            let first = self.account(key).topics.kind(offset).unwrap_or(kind);
            let first = self.names.topic(first);
            self.repetitions
                .push(format!("{key}: on topic {first}, and again at {place}"));
        }
        self.fed();
    }

    /// After step 3: how far the detector is by now, where that can be said.
    pub fn undecided(&mut self, partition: i32, committed: Option<i64>) {
        self.payments(partition).undecided = Some(committed.map_or(0, number));
    }

    /// Step 5: a row.
    pub fn row(&mut self, kind: Kind, key: Key<'_>) {
        self.account(key).tables.note(kind, number(key.offset));
        self.fed();
    }

    /// After step 5: a record on an output, at or past the position that its sink had in step 4.
    pub fn waiting(&mut self, key: Key<'_>) {
        self.account(key).waiting.insert(number(key.offset));
    }

    /// After step 5: a record on an output, at or past the position that its sink has by now.
    pub fn to_come(&mut self, key: Key<'_>) {
        let offset = number(key.offset);
        let account = self.account(key);
        // One that is on the topic twice may well be stored for the other one's sake.
        if account.tables.any.contains(offset) && !account.topics.twice.contains(offset) {
            account.stored_ahead.insert(offset);
        }
    }

    /// A position that cannot be, in a sentence.
    pub fn impossible(&mut self, position: String) {
        self.positions.push(position);
    }

    /// Adds everything up.
    pub fn close(&mut self) -> Balance {
        self.compact();
        Balance::of(self)
    }

    fn payments(&mut self, partition: i32) -> &mut Account {
        let at = self.log(&self.payments_id.clone(), &self.names.payments.clone());
        self.logs[at].accounts.entry(partition).or_default()
    }

    fn account(&mut self, key: Key<'_>) -> &mut Account {
        let at = self.log(key.topic_id, key.topic);
        self.logs[at].accounts.entry(key.partition).or_default()
    }

    /// There are few logs: `payments`, one before it perhaps, and outputs with foreign records.
    fn log(&mut self, topic_id: &str, topic: &str) -> usize {
        let found = self
            .logs
            .iter()
            .position(|log| log.topic_id == topic_id && log.topic == topic);
        found.unwrap_or_else(|| {
            self.logs.push(Log {
                topic_id: topic_id.to_owned(),
                topic: topic.to_owned(),
                accounts: BTreeMap::new(),
            });
            self.logs.len() - 1
        })
    }

    fn fed(&mut self) {
        self.fed += 1;
        if self.fed.is_multiple_of(COMPACT) {
            self.compact();
        }
    }

    fn compact(&mut self) {
        self.logs
            .iter_mut()
            .flat_map(|log| log.accounts.values_mut())
            .for_each(Account::compact);
    }
}

impl Names {
    /// The topic of a kind.
    pub fn topic(&self, kind: Kind) -> &str {
        match kind {
            Kind::Fraud => &self.fraud,
            Kind::Legit => &self.legit,
            Kind::Dead => &self.dead_letters,
        }
    }
}

impl<'a> Origin<'a> {
    /// What a record at this place is known by.
    pub fn key(self, place: Key<'a>) -> Key<'a> {
        match self {
            Self::Payment(key, _) => key,
            Self::Foreign => place,
        }
    }
}

impl fmt::Display for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.topic, self.partition, self.offset)
    }
}

/// An offset as a bitmap takes it. Kafka has no negative ones; a row that claims one is found at the very end.
fn number(offset: i64) -> u64 {
    u64::try_from(offset).unwrap_or(u64::MAX)
}
