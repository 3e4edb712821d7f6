//! The books of a run in which all went well are spoilt by hand, in every way that the checker knows. One that finds nothing would
//! prove nothing.

use std::time::Duration;

use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};

use super::course;
use crate::bench::Bench;
use crate::checker::{self, Kind};
use crate::failure::{Attempt as _, Failure, Outcome};
use crate::fleet::Fleet;
use crate::kafka::{self, Isolation};
use crate::odd::REASON;
use crate::stage::Stage;

pub const NAME: &str = "tampered";

const COUNT: u64 = 2_000;
const RATE: u64 = 2_000;
const LIMIT_SECONDS: u64 = 60;

/// What is done to the tables; each statement takes rows of its own.
const SPOILT: [(&str, &[Kind]); 10] = [
    (
        "DELETE FROM legit_payments WHERE source_partition = 0 ORDER BY source_offset LIMIT 1",
        &[Kind::Lost],
    ),
    (
        "UPDATE legit_payments SET amount_hundredths = amount_hundredths + 1 WHERE source_partition = 1 ORDER BY source_offset LIMIT 1",
        &[Kind::Miscopied],
    ),
    (
        "UPDATE legit_payments SET payload = CONCAT(payload, ' ') WHERE source_partition = 2 ORDER BY source_offset LIMIT 1",
        &[Kind::Changed],
    ),
    (
        "UPDATE legit_payments SET state = 'other' WHERE source_partition = 3 ORDER BY source_offset LIMIT 1",
        &[Kind::Misnamed],
    ),
    (
        "INSERT INTO legit_payments SELECT * FROM legit_payments WHERE source_partition = 4 ORDER BY source_offset LIMIT 1",
        &[Kind::DoublyStored],
    ),
    // Both of them: from one table to the other.
    (
        "INSERT INTO fraud_payments SELECT * FROM legit_payments WHERE source_partition = 5 ORDER BY source_offset LIMIT 1",
        &[Kind::Misstored],
    ),
    (
        "DELETE FROM legit_payments WHERE source_partition = 5 ORDER BY source_offset LIMIT 1",
        &[],
    ),
    (
        "DELETE FROM alerts ORDER BY source_partition, source_offset LIMIT 1",
        &[Kind::Misalerted],
    ),
    (
        "UPDATE alerts SET source_offset = 1000000 ORDER BY source_partition DESC, source_offset DESC LIMIT 1",
        &[Kind::Misalerted, Kind::Foreign],
    ),
    (
        "INSERT INTO dead_letters (source_topic_id, source_topic, source_partition, source_offset, record_topic, record_partition, \
         record_offset, reason, error) VALUES ('id', 'topic', 0, 0, 'topic', 0, 0, 'reason', 'error')",
        &[Kind::Unstored],
    ),
];

pub fn run(bench: &Bench) -> Outcome {
    let stage = Stage::set(bench, NAME)?;
    let (journal, mut fleet) = (&bench.journal, Fleet::default());
    course::start(&stage, &mut fleet, RATE, COUNT)?;
    course::ready(&stage, &mut fleet)?;
    stage.settle(&mut fleet, COUNT, LIMIT_SECONDS)?;
    fleet.drain_all(journal)?;
    let before = checker::check(&stage.system)?.findings;
    journal.check(before.is_empty(), format_args!("at first: {before}"));

    let mut expected = spoil_tables(&stage)?;
    expected.extend(spoil_topics(&stage)?);
    let found = checker::check(&stage.system)?.findings;
    journal.say(format_args!("afterwards: {found}"));
    let mut kinds = expected.clone();
    kinds.sort_unstable();
    kinds.dedup();
    for kind in kinds {
        let wanted = expected.iter().filter(|it| **it == kind).count() as u64;
        let count = found.count(&[kind]);
        journal.check(
            count == wanted,
            format_args!("{kind:?}: {count} found of {wanted}"),
        );
    }
    let (all, wanted) = (found.total(), expected.len() as u64);
    journal.check(all == wanted, format_args!("{all} in all, of {wanted}"));
    stage.close()
}

fn spoil_tables(stage: &Stage<'_>) -> Outcome<Vec<Kind>> {
    let database = &stage.system.database;
    // Or nothing could be there twice.
    database.without_primary_keys()?;
    let mut expected = Vec::new();
    for (statement, kinds) in SPOILT {
        match database.change(statement)? {
            1 => expected.extend(kinds),
            rows => return Err(Failure::new(format!("{rows} rows, not one: {statement}"))),
        }
    }
    Ok(expected)
}

/// Payments that no detector reads any more, and what one would have made of them if it were a bad one. No processor reads that,
/// so none of them has a row.
fn spoil_topics(stage: &Stage<'_>) -> Outcome<Vec<Kind>> {
    let names = &stage.system.names;
    let ends = stage
        .system
        .kafka
        .ends(&names.payments, Isolation::Committed)?;
    let first = ends.first().copied().unwrap_or_default();
    let writer = Writer::new(&stage.bench.bootstrap)?;
    for number in 0..6 {
        writer.write(&names.payments, &payment(number), &[])?;
    }
    writer.write(&names.payments, "{", &[(REASON, "not_json")])?;
    writer.flush()?;

    let source = |number: i64| format!("{}/0/{}", names.payments, first + number);
    let decide = |topic: &str, number: i64, payload: &str| {
        writer.write(topic, payload, &[("fs-source", &source(number))])
    };
    // The first one is nowhere.
    decide(&names.fraud, 1, &payment(1))?;
    decide(&names.legit, 2, &payment(2))?;
    decide(&names.legit, 2, &payment(2))?;
    decide(&names.legit, 4, &payment(4))?;
    decide(&names.legit, 3, &payment(3))?;
    decide(&names.legit, 5, "{}")?;
    writer.write(&names.legit, &payment(6), &[])?;
    let misnamed = [
        (REASON, "not_json"),
        ("fs-source", &source(6)),
        ("fs-reason", "bad_date"),
    ];
    writer.write(&names.dead, "{", &misnamed)?;
    writer.flush()?;

    let mut expected = vec![Kind::Lost; 6];
    expected.extend([
        Kind::Undecided,
        Kind::Misrouted,
        Kind::DoublyDecided,
        Kind::Reordered,
        Kind::Changed,
        Kind::Foreign,
        Kind::Misnamed,
    ]);
    Ok(expected)
}

fn payment(number: i64) -> String {
    format!(
        r#"{{"DATE":"01/28/2022","TIME":"14:03:07","PAYMENTTYPE":"VISA","AMOUNT":{number},"WHO":"MOM"}}"#
    )
}

/// Writes records of one account to the first partition of any topic, in their order.
struct Writer(BaseProducer);

impl Writer {
    fn new(bootstrap: &str) -> Outcome<Self> {
        let producer = kafka::producer(bootstrap).create();
        Ok(Self(producer.attempt("make a producer")?))
    }

    fn write(&self, topic: &str, payload: &str, headers: &[(&str, &str)]) -> Outcome {
        let all = headers
            .iter()
            .fold(OwnedHeaders::new(), |all, (key, value)| {
                all.insert(Header {
                    key,
                    value: Some(*value),
                })
            });
        let record = BaseRecord::to(topic)
            .partition(0)
            .key("tampered")
            .payload(payload)
            .headers(all);
        let sent = self.0.send(record).map_err(|(error, _)| error);
        sent.attempt(format_args!("write to {topic}"))
    }

    fn flush(&self) -> Outcome {
        let limit = Duration::from_secs(30);
        self.0.flush(limit).attempt("write what is wrong")
    }
}
