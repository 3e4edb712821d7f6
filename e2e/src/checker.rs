//! Our own check of a scenario's end: every payment in exactly one place, with its own bytes.
//!
//! Everything is read by clients of our own and judged by code of our own. What the services say
//! about themselves counts for nothing here.

mod finding;

use std::collections::HashMap;

use rdkafka::message::Message as _;

use crate::failure::Outcome;
use crate::judge::Fate;
use crate::kafka::{Record, header};
use crate::odd::REASON;
use crate::stage::Stage;

pub use finding::{Findings, Kind};

/// Where a record of `payments` may end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Fraud,
    Legit,
    Dead,
}

/// What was counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Books {
    /// Records on `payments`.
    pub produced: u64,
    /// Rows of `fraud_payments`.
    pub fraud: u64,
    /// Rows of `legit_payments`.
    pub legit: u64,
    /// Records among the dead letters.
    pub dead_lettered: u64,
    /// Rows of `alerts`.
    pub alerts: u64,
    /// What is wrong.
    pub findings: Findings,
}

/// A record of `payments`, and where it was found again.
struct Source {
    key: Option<Vec<u8>>,
    payload: Option<Vec<u8>>,
    fate: Fate,
    records: [u32; 3],
    rows: [u32; 2],
    alerts: u32,
}

/// Reads all that a scenario left behind.
pub fn check(stage: &Stage<'_>) -> Outcome<Books> {
    let mut books = Books::default();
    let mut sources = produced(stage)?;
    books.produced = sources.len() as u64;
    let outputs = [
        (Place::Fraud, &stage.names.fraud),
        (Place::Legit, &stage.names.legit),
        (Place::Dead, &stage.names.dead),
    ];
    for (place, topic) in outputs {
        let records = stage.kafka.read(topic, |record| {
            decided(record, place, &mut sources, &mut books)
        })?;
        if place == Place::Dead {
            books.dead_lettered = records;
        }
    }
    books.fraud = stored(stage, Place::Fraud, &mut sources, &mut books.findings)?;
    books.legit = stored(stage, Place::Legit, &mut sources, &mut books.findings)?;
    books.alerts = alerted(stage, &mut sources, &mut books.findings)?;
    for unreadable in stage.database.sources("dead_letters")? {
        books.findings.add(Kind::Unstored, &unreadable);
    }
    for (name, source) in &sources {
        source.judge(name, &mut books.findings);
    }
    Ok(books)
}

fn produced(stage: &Stage<'_>) -> Outcome<HashMap<String, Source>> {
    let mut sources = HashMap::new();
    stage.kafka.read(&stage.names.payments, |record| {
        let name = format!(
            "{}/{}/{}",
            record.topic(),
            record.partition(),
            record.offset()
        );
        let source = Source {
            key: record.key().map(<[u8]>::to_vec),
            payload: record.payload().map(<[u8]>::to_vec),
            fate: Fate::of(record)?,
            records: [0; 3],
            rows: [0; 2],
            alerts: 0,
        };
        sources.insert(name, source);
        Ok(())
    })?;
    Ok(sources)
}

fn decided(
    record: &Record<'_>,
    place: Place,
    sources: &mut HashMap<String, Source>,
    books: &mut Books,
) -> Outcome {
    let name = header(record, "fs-source").unwrap_or_default();
    let Some(source) = sources.get_mut(name) else {
        let own = format!(
            "{}/{}/{}",
            record.topic(),
            record.partition(),
            record.offset()
        );
        books.findings.add(Kind::Foreign, &own);
        return Ok(());
    };
    source.records[place as usize] += 1;
    if source.payload.as_deref() != record.payload() || source.key.as_deref() != record.key() {
        books.findings.add(Kind::Changed, name);
    }
    if let Fate::Dead(reason) = &source.fate {
        let said = [header(record, "fs-reason"), header(record, REASON)];
        if said != [Some(reason.as_str()); 2] {
            books
                .findings
                .add(Kind::Misnamed, &format!("{name} ({reason}, not {said:?})"));
        }
    }
    Ok(())
}

fn stored(
    stage: &Stage<'_>,
    place: Place,
    sources: &mut HashMap<String, Source>,
    findings: &mut Findings,
) -> Outcome<u64> {
    let table = match place {
        Place::Fraud => "fraud_payments",
        Place::Legit | Place::Dead => "legit_payments",
    };
    let mut rows = 0;
    for partition in 0..crate::kafka::PARTITIONS {
        for row in stage.database.payments(table, partition)? {
            rows += 1;
            let Some(source) = sources.get_mut(&row.source) else {
                findings.add(Kind::Foreign, &format!("{} in {table}", row.source));
                continue;
            };
            source.rows[place as usize] += 1;
            if source.payload.as_deref() != Some(&row.payload) {
                findings.add(Kind::Changed, &format!("{} in {table}", row.source));
            }
            if source.fate.state() != row.state {
                let state = format!(
                    "{} ({}, not {})",
                    row.source,
                    source.fate.state(),
                    row.state
                );
                findings.add(Kind::Misnamed, &state);
            }
        }
    }
    Ok(rows)
}

fn alerted(
    stage: &Stage<'_>,
    sources: &mut HashMap<String, Source>,
    findings: &mut Findings,
) -> Outcome<u64> {
    let alerts = stage.database.sources("alerts")?;
    for name in &alerts {
        match sources.get_mut(name) {
            Some(source) => source.alerts += 1,
            None => findings.add(Kind::Foreign, &format!("{name} in alerts")),
        }
    }
    Ok(alerts.len() as u64)
}

impl Source {
    /// Compares where it was found with where it belongs.
    fn judge(&self, name: &str, findings: &mut Findings) {
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
            (rows > wanted, Kind::DoublyStored),
            (rows > 0 && !row_at_home, Kind::Misstored),
            (self.alerts != alerts, Kind::Misalerted),
        ];
        for (wrong, kind) in tests {
            if wrong {
                findings.add(kind, name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(fate: Fate, records: [u32; 3], rows: [u32; 2], alerts: u32) -> Source {
        Source {
            key: None,
            payload: None,
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
        let dead = Fate::Dead(String::new());
        check(&source(dead, [0, 0, 1], [0, 1], 0), &[Kind::DoublyStored]);
    }
}
