//! The account of one partition: where each of its payments is.

use roaring::RoaringTreemap;

use super::side::{Kind, Side};

/// Everything that is known of one partition of `payments` (or, for foreign records, of an output). Offsets throughout.
#[derive(Debug, Default)]
pub(super) struct Account {
    /// What the log holds.
    pub produced: RoaringTreemap,
    /// What outputs and DLQ hold of it.
    pub topics: Side,
    /// What the tables hold of it.
    pub tables: Side,
    /// On an output, at or past the position of its sink.
    pub waiting: RoaringTreemap,
    /// In a table, though the sink's position says that it is still to come.
    pub stored_ahead: RoaringTreemap,
    /// On the output of the other verdict than its own header says.
    pub crossed: RoaringTreemap,
    /// The detector's position before anything else was read: everything before it is decided.
    pub decided: u64,
    /// The detector's position after the outputs were read: nothing at or past it is decided. `None` where nobody can say.
    pub undecided: Option<u64>,
}

/// Where the payments of an account are; every one that was produced is in exactly one of the sets.
#[derive(Debug, Default)]
pub(super) struct Sorted {
    pub fraud: u64,
    pub legit: u64,
    pub dead_lettered: u64,
    /// On an output, and the sink has yet to come to it.
    pub to_store: u64,
    /// The detector has yet to come to it.
    pub to_decide: u64,
    /// Decided, and on no output.
    pub undelivered: RoaringTreemap,
    /// On an output, before the sink's position, and in no table.
    pub unstored: RoaringTreemap,
}

impl Account {
    /// Sorts what was produced: first by where it rests, then by why it does not.
    pub fn sorted(&self) -> Sorted {
        let stored = &self.produced & &self.tables.any;
        let fraud = stored.intersection_len(&self.tables.fraud);
        let buried = stored.intersection_len(&self.tables.dead);
        let mut rest = &self.produced - &self.tables.any;
        let on_dlq = rest.intersection_len(&self.topics.dead);
        rest -= &self.topics.dead;

        let delivered = &rest & &self.topics.any;
        let unstored = &delivered - &self.waiting;
        let mut undelivered = rest - &delivered;
        let to_decide = undelivered.remove_range(self.decided..);
        Sorted {
            fraud,
            legit: stored.len() - fraud - buried,
            dead_lettered: buried + on_dlq,
            to_store: delivered.len() - unstored.len(),
            to_decide,
            undelivered,
            unstored,
        }
    }

    /// One source more than once: over outputs and DLQ, over tables, or on the DLQ and in a table.
    pub fn doubled(&self) -> RoaringTreemap {
        (&self.topics.dead & &self.tables.any) | &self.topics.twice | &self.tables.twice
    }

    /// In the table, or on the output, of the other verdict. What is doubled has its own line.
    pub fn misrouted(&self) -> RoaringTreemap {
        let mut wrong = &self.topics.fraud ^ &self.tables.fraud;
        wrong &= &self.topics.any;
        wrong &= &self.tables.any;
        wrong -= &self.topics.dead;
        wrong -= &self.tables.dead;
        (wrong | &self.crossed) - self.doubled()
    }

    /// Decided, though the detector's position says that it will be decided again.
    pub fn decided_ahead(&self) -> RoaringTreemap {
        let Some(undecided) = self.undecided else {
            return RoaringTreemap::new();
        };
        let mut ahead = self.topics.any.clone();
        ahead.remove_range(..undecided);
        ahead
    }

    /// Before its sink's position and in no table, without being one of the payments that are counted.
    pub fn unstored_others(&self) -> RoaringTreemap {
        let mut others = &self.topics.any - &self.produced;
        others -= &self.topics.dead;
        others -= &self.tables.any;
        others -= &self.waiting;
        others
    }

    /// Known from outputs or tables, and not in the log.
    pub fn others(&self) -> u64 {
        let known = &self.topics.any | &self.tables.any;
        known.difference_len(&self.produced)
    }

    /// Where a payment was found, in words.
    pub fn whereabouts(&self, offset: u64, names: &super::Names) -> String {
        let topic = self
            .topics
            .kind(offset)
            .map(|kind| format!("on topic {}", names.topic(kind)));
        let table = self
            .tables
            .kind(offset)
            .map(|kind| format!("in table {}", table(kind)));
        match (topic, table) {
            (None, None) => "on no output and in no table".to_owned(),
            (Some(topic), None) => format!("{topic}, in no table"),
            (None, Some(table)) => format!("on no output, {table}"),
            (Some(topic), Some(table)) => format!("{topic}, {table}"),
        }
    }

    /// Makes room for another reading of what can change: tables and positions.
    pub fn reopen(&mut self) {
        self.tables = Side::default();
        self.waiting.clear();
        self.stored_ahead.clear();
    }

    /// Codes runs as runs.
    pub fn compact(&mut self) {
        self.produced.optimize();
        self.topics.compact();
        self.tables.compact();
        self.waiting.optimize();
    }
}

/// The table of each kind.
pub(super) fn table(kind: Kind) -> &'static str {
    match kind {
        Kind::Fraud => "fraud_payments",
        Kind::Legit => "legit_payments",
        Kind::Dead => "dead_letters",
    }
}
