//! A record of `payments`, and where it was found again.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use rdkafka::message::{Headers as _, Message as _};

use super::columns::columns;
use super::{Findings, Kind};
use crate::failure::Outcome;
use crate::judge::Fate;
use crate::kafka::Record;

/// Where a record of `payments` may end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// The topic and the table of fraud.
    Fraud,
    /// The topic and the table of the others.
    Legit,
    /// The topic of dead letters.
    Dead,
}

/// A million of these have to fit into a laptop, so digests stand for the bytes themselves.
pub struct Source {
    /// Of its key.
    pub account: u64,
    /// Of its payload.
    pub payload: u64,
    /// Of its headers that are not ours.
    pub headers: u64,
    /// Of the columns that its row has to have.
    pub columns: u64,
    /// Where it belongs.
    pub fate: Fate,
    /// How often it is on each output.
    pub records: [u32; 3],
    /// How often it is in each table.
    pub rows: [u32; 2],
    /// How many alerts it has.
    pub alerts: u32,
}

impl Source {
    /// Of a record that was just read.
    pub fn of(record: &Record<'_>) -> Outcome<Self> {
        let event_time = record.timestamp().to_millis().unwrap_or_default();
        let columns = columns(record.payload().unwrap_or_default(), event_time);
        Ok(Self {
            account: digest(record.key()),
            payload: digest(record.payload()),
            headers: foreign(record),
            columns: digest(columns.as_deref().map(str::as_bytes)),
            fate: Fate::of(record)?,
            records: [0; 3],
            rows: [0; 2],
            alerts: 0,
        })
    }

    /// Compares where it was found with where it belongs.
    pub fn judge(&self, name: &str, findings: &mut Findings) {
        let (home, row, alerts) = match &self.fate {
            Fate::Fraud { alert } => (Place::Fraud, Some(Place::Fraud), u32::from(*alert)),
            Fate::Legit(_) => (Place::Legit, Some(Place::Legit), 0),
            Fate::Dead(_) => (Place::Dead, None, 0),
        };
        let records: u32 = self.records.iter().sum();
        let rows: u32 = self.rows.iter().sum();
        let at_home = self.records[home as usize] > 0;
        let row_at_home = row.is_none_or(|place| self.rows[place as usize] > 0);
        let wanted = u32::from(row.is_some());
        let tests = [
            (records == 0, Kind::Undecided),
            (records > 1, Kind::DoublyDecided),
            (records > 0 && !at_home, Kind::Misrouted),
            (rows < wanted, Kind::Lost),
            (rows > wanted || self.alerts > 1, Kind::DoublyStored),
            (rows > 0 && !row_at_home, Kind::Misstored),
            (self.alerts.min(1) != alerts, Kind::Misalerted),
        ];
        for (wrong, kind) in tests {
            if wrong {
                findings.add(kind, name);
            }
        }
    }
}

/// The digest of a record's headers in their order, without those that services write.
pub fn foreign(record: &Record<'_>) -> u64 {
    let mut hasher = DefaultHasher::new();
    let headers = record.headers().into_iter().flat_map(|all| all.iter());
    for header in headers.filter(|header| !header.key.starts_with("fs-")) {
        (header.key, header.value).hash(&mut hasher);
    }
    hasher.finish()
}

/// Equal for equal bytes; for others, too, in one of 2^64 cases. Nothing is not the same as no bytes.
pub fn digest(bytes: Option<&[u8]>) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(fate: Fate, records: [u32; 3], rows: [u32; 2], alerts: u32) -> Source {
        Source {
            account: 0,
            payload: 0,
            headers: 0,
            columns: 0,
            fate,
            records,
            rows,
            alerts,
        }
    }

    fn check(source: &Source, expected: &[Kind]) {
        let mut findings = Findings::default();
        source.judge("payments/0/0", &mut findings);
        assert_eq!(findings.kinds(), expected);
    }

    #[test]
    fn what_is_where_it_belongs_is_no_finding() {
        check(
            &source(Fate::Fraud { alert: true }, [1, 0, 0], [1, 0], 1),
            &[],
        );
        check(&source(Fate::Legit("visa"), [0, 1, 0], [0, 1], 0), &[]);
        check(
            &source(Fate::Dead(String::new()), [0, 0, 1], [0, 0], 0),
            &[],
        );
    }

    #[test]
    fn what_is_not_is_found_and_named() {
        let legit = || Fate::Legit("visa");
        check(
            &source(legit(), [0, 0, 0], [0, 0], 0),
            &[Kind::Undecided, Kind::Lost],
        );
        check(&source(legit(), [0, 1, 0], [0, 0], 0), &[Kind::Lost]);
        check(
            &source(legit(), [0, 2, 0], [0, 1], 0),
            &[Kind::DoublyDecided],
        );
        check(
            &source(legit(), [0, 1, 0], [0, 2], 0),
            &[Kind::DoublyStored],
        );
        check(&source(legit(), [1, 0, 0], [0, 1], 0), &[Kind::Misrouted]);
        check(&source(legit(), [0, 1, 0], [1, 0], 0), &[Kind::Misstored]);
        let fraud = Fate::Fraud { alert: true };
        check(&source(fraud, [1, 0, 0], [1, 0], 0), &[Kind::Misalerted]);
        let twice = Fate::Fraud { alert: true };
        check(&source(twice, [1, 0, 0], [1, 0], 2), &[Kind::DoublyStored]);
        let dead = Fate::Dead(String::new());
        check(&source(dead, [0, 0, 1], [0, 1], 0), &[Kind::DoublyStored]);
    }
}
