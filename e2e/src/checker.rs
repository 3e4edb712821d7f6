//! Our own check of a run's end: every payment in exactly one place, in its account's order, with its own bytes.
//!
//! Everything is read by clients of our own and judged by code of our own. What the services say
//! about themselves counts for nothing here.

mod columns;
mod finding;
mod order;
mod source;

use std::collections::HashMap;

use rdkafka::message::Message as _;

use crate::failure::Outcome;
use crate::judge::Fate;
use crate::kafka::{Record, header};
use crate::odd::REASON;
use crate::system::System;
use order::Order;
use source::{Place, Source, foreign};

pub use finding::{Findings, Kind};
pub use source::digest;

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

/// All that was found, by its place on `payments`.
type Sources = HashMap<String, Source>;

/// Reads all that a run left behind.
pub fn check(system: &System) -> Outcome<Books> {
    check_with(system, |_, _| Ok(()))
}

/// The same, and shows every record of `payments` to somebody who knows what was sent.
pub fn check_with(
    system: &System,
    mut witness: impl FnMut(&Record<'_>, &mut Findings) -> Outcome,
) -> Outcome<Books> {
    let mut books = Books::default();
    let mut sources = Sources::new();
    books.produced = system.kafka.read(&system.names.payments, |record| {
        sources.insert(place_of(record), Source::of(record)?);
        witness(record, &mut books.findings)
    })?;
    let outputs = [
        (Place::Fraud, &system.names.fraud),
        (Place::Legit, &system.names.legit),
        (Place::Dead, &system.names.dead),
    ];
    for (place, topic) in outputs {
        let mut order = Order::default();
        let records = system.kafka.read(topic, |record| {
            decided(record, place, &mut sources, &mut books.findings);
            order.see(record, &mut books.findings);
            Ok(())
        })?;
        if place == Place::Dead {
            books.dead_lettered = records;
        }
    }
    books.fraud = stored(system, Place::Fraud, &mut sources, &mut books.findings)?;
    books.legit = stored(system, Place::Legit, &mut sources, &mut books.findings)?;
    books.alerts = alerted(system, &mut sources, &mut books.findings)?;
    for unreadable in system.database.sources("dead_letters")? {
        books.findings.add(Kind::Unstored, &unreadable);
    }
    for (name, source) in &sources {
        source.judge(name, &mut books.findings);
    }
    Ok(books)
}

fn place_of(record: &Record<'_>) -> String {
    format!(
        "{}/{}/{}",
        record.topic(),
        record.partition(),
        record.offset()
    )
}

fn decided(record: &Record<'_>, place: Place, sources: &mut Sources, findings: &mut Findings) {
    let name = header(record, "fs-source").unwrap_or_default();
    let Some(source) = sources.get_mut(name) else {
        findings.add(Kind::Foreign, &place_of(record));
        return;
    };
    source.records[place as usize] += 1;
    let bytes = [
        digest(record.payload()),
        digest(record.key()),
        foreign(record),
    ];
    if bytes != [source.payload, source.account, source.headers] {
        findings.add(Kind::Changed, name);
    }
    if let Fate::Dead(reason) = &source.fate {
        let said = [header(record, "fs-reason"), header(record, REASON)];
        if said != [Some(reason.as_str()); 2] {
            findings.add(Kind::Misnamed, &format!("{name} ({reason}, not {said:?})"));
        }
    }
}

fn stored(
    system: &System,
    place: Place,
    sources: &mut Sources,
    findings: &mut Findings,
) -> Outcome<u64> {
    let table = match place {
        Place::Fraud => "fraud_payments",
        Place::Legit | Place::Dead => "legit_payments",
    };
    system.database.payments(table, |row| {
        let Some(source) = sources.get_mut(&row.source) else {
            findings.add(Kind::Foreign, &format!("{} in {table}", row.source));
            return;
        };
        source.rows[place as usize] += 1;
        if source.payload != digest(Some(&row.payload)) {
            findings.add(Kind::Changed, &format!("{} in {table}", row.source));
        }
        if source.columns != digest(Some(row.columns.as_bytes())) {
            findings.add(
                Kind::Miscopied,
                &format!("{} ({})", row.source, row.columns),
            );
        }
        if source.fate.state() != row.state {
            let (wanted, found) = (source.fate.state(), &row.state);
            let state = format!("{} ({wanted}, not {found})", row.source);
            findings.add(Kind::Misnamed, &state);
        }
    })
}

fn alerted(system: &System, sources: &mut Sources, findings: &mut Findings) -> Outcome<u64> {
    let alerts = system.database.sources("alerts")?;
    for name in &alerts {
        match sources.get_mut(name) {
            Some(source) => source.alerts += 1,
            None => findings.add(Kind::Foreign, &format!("{name} in alerts")),
        }
    }
    Ok(alerts.len() as u64)
}
