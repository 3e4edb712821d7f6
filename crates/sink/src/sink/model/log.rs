//! The topic that is read.

use std::collections::BTreeMap;

use kafka::{HeaderList, Headers, Received, Record};

pub const TOPIC: &str = "fraud_payments";

/// A record of the topic.
#[derive(Debug, Clone)]
pub struct Entry {
    pub offset: i64,
    pub payload: Vec<u8>,
    /// Offset of the payment in the partition of `payments` with the same number; `None` for a foreign record.
    pub source: Option<i64>,
}

/// The records of every partition.
#[derive(Debug, Clone, Default)]
pub struct Log {
    entries: BTreeMap<i32, Vec<Entry>>,
    starts: BTreeMap<i32, i64>,
    /// Behind the marker of the last transaction.
    ends: BTreeMap<i32, i64>,
    /// By how much a source is ahead of the record that says it.
    ahead: i64,
}

/// What a payload of the model says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A payment of ours.
    Plain,
    /// A payment of ours that a human must see.
    Alarming,
    /// A payment without provenance.
    Foreign,
    /// The record before it once more, byte for byte.
    Twin,
    /// The source of the record before it, and other bytes.
    Conflict,
    /// A payment that the database does not take.
    Unstorable,
    /// No payment.
    Garbage,
}

/// What the database does not take.
pub const UNSTORABLE: &str = "unstorable";

/// Whether these bytes are a payment that a human must see.
pub fn is_alarming(payload: &[u8]) -> bool {
    String::from_utf8_lossy(payload).contains("STRANGER")
}

impl Log {
    pub fn new(partitions: &[&[Kind]]) -> Self {
        Self::of_sources(partitions, 100)
    }

    /// The log of a topic that was made anew: other payments than those of the first.
    pub fn anew(partitions: &[&[Kind]]) -> Self {
        Self::of_sources(partitions, 200)
    }

    fn of_sources(partitions: &[&[Kind]], ahead: i64) -> Self {
        let mut log = Self {
            ahead,
            ..Self::default()
        };
        for (number, kinds) in (0..).zip(partitions) {
            log.entries.insert(number, Vec::new());
            for kind in *kinds {
                let entries = log.entries(number);
                // Offsets have gaps, as transactions leave them.
                let gap = i64::from(entries.len() % 3 == 2);
                let offset = entries.last().map_or(0, |last| last.offset + 1 + gap);
                log.put(number, offset, *kind);
            }
        }
        log
    }

    /// Adds a record, in a transaction of its own.
    pub fn append(&mut self, partition: i32, kind: Kind) {
        self.put(partition, self.end(partition), kind);
    }

    fn put(&mut self, partition: i32, offset: i64, kind: Kind) {
        let ahead = self.ahead;
        self.ends.insert(partition, offset + 2);
        let entries = self.entries.entry(partition).or_default();
        let before = entries.last().cloned();
        let payment = |who: &str, country: &str| {
            format!(
                r#"{{"DATE":"01/28/2022","TIME":"14:03:07","PAYMENTTYPE":"BITCOIN","AMOUNT":{},"WHO":"{who}","COUNTRY":"{country}"}}"#,
                ahead + offset
            )
            .into_bytes()
        };
        let (payload, source) = match (kind, before) {
            (Kind::Twin, Some(before)) => (before.payload, before.source),
            (Kind::Conflict, Some(before)) => (payment("CONFLICT", "KR"), before.source),
            (Kind::Alarming, _) => (payment("STRANGER", "KR"), Some(ahead + offset)),
            (Kind::Foreign, _) => (payment("MOM", "KR"), None),
            (Kind::Unstorable, _) => (payment("MOM", UNSTORABLE), Some(ahead + offset)),
            (Kind::Garbage, _) => (b"garbage".to_vec(), Some(ahead + offset)),
            (Kind::Plain | Kind::Twin | Kind::Conflict, _) => {
                (payment("MOM", "KR"), Some(ahead + offset))
            }
        };
        entries.push(Entry {
            offset,
            payload,
            source,
        });
    }

    pub fn partitions(&self) -> impl Iterator<Item = i32> {
        self.entries.keys().copied()
    }

    pub fn entries(&self, partition: i32) -> &[Entry] {
        self.entries.get(&partition).map_or(&[], Vec::as_slice)
    }

    /// The first record at or after an offset.
    pub fn from(&self, partition: i32, offset: i64) -> Option<&Entry> {
        self.entries(partition)
            .iter()
            .find(|entry| entry.offset >= offset)
    }

    /// The first offset that the log still has.
    pub fn start(&self, partition: i32) -> i64 {
        self.starts.get(&partition).copied().unwrap_or(0)
    }

    /// Retention takes everything below an offset.
    pub fn cut(&mut self, partition: i32, start: i64) {
        self.starts.insert(partition, start);
        let end = self.end(partition).max(start);
        self.ends.insert(partition, end);
        if let Some(entries) = self.entries.get_mut(&partition) {
            entries.retain(|entry| entry.offset >= start);
        }
    }

    /// The offset after the last record and the marker of its transaction.
    pub fn end(&self, partition: i32) -> i64 {
        self.ends.get(&partition).copied().unwrap_or(0)
    }
}

/// A record on its way to the sink.
#[derive(Debug)]
pub struct Message {
    partition: i32,
    entry: Entry,
    headers: HeaderList,
}

impl Message {
    pub fn new(partition: i32, entry: Entry) -> Self {
        let mut headers = HeaderList::default();
        if let Some(source) = entry.source {
            headers.push_text("fs-source", format_args!("payments/{partition}/{source}"));
            headers.push_text("fs-topic-id", format_args!("in"));
            headers.push_text("fs-time", format_args!("700"));
            headers.push_text("fs-decided", format_args!("800"));
        }
        Self {
            partition,
            entry,
            headers,
        }
    }
}

impl Received for Message {
    fn record(&self) -> Record<'_> {
        Record {
            topic: TOPIC,
            partition: self.partition,
            offset: self.entry.offset,
            timestamp_ms: Some(1),
            key: None,
            payload: Some(&self.entry.payload),
            headers: Headers::Listed(&self.headers),
        }
    }
}
