//! Records that nobody can read go to the dead letters, each with its reason, and the stream goes on.

use std::collections::BTreeMap;

use kafka::testing::{Cluster, Sending};
use payment::{Provenance, Reason, header};
use service::testing::Observed as _;

use crate::support::bench::Bench;
use crate::support::payments::{VISA, with};
use crate::support::{DECIDED, ready};

/// What is wrong, what comes in, and what it is called.
fn table() -> Vec<(&'static str, Option<Vec<u8>>, Reason)> {
    let long = "x".repeat(256);
    let row = |name, payload: Vec<u8>, reason| (name, Some(payload), reason);
    vec![
        ("tombstone", None, Reason::Tombstone),
        row("empty", vec![], Reason::EmptyPayload),
        row("not utf-8", b"\xff\xfe{".to_vec(), Reason::NotUtf8),
        row(
            "utf-8 cut off",
            [VISA.as_bytes(), b"\xc3"].concat(),
            Reason::NotUtf8,
        ),
        row("not json", b"VISA,57,MOM".to_vec(), Reason::NotJson),
        row("cut off", VISA.as_bytes()[..40].to_vec(), Reason::NotJson),
        row("nan", with("57", "NaN"), Reason::NotJson),
        row("infinity", with("57", "-Infinity"), Reason::NotJson),
        row("list", b"[]".to_vec(), Reason::NotAnObject),
        row("number", b"57".to_vec(), Reason::NotAnObject),
        row("null", b"null".to_vec(), Reason::NotAnObject),
        row("nothing in it", b"{}".to_vec(), Reason::MissingField),
        row("without date", with("DATE", "DAY"), Reason::MissingField),
        row("without time", with("TIME", "HOUR"), Reason::MissingField),
        row(
            "without type",
            with("PAYMENTTYPE", "TYPE"),
            Reason::MissingField,
        ),
        row(
            "without amount",
            with("AMOUNT", "Amount"),
            Reason::MissingField,
        ),
        row("without who", with("WHO", "TO"), Reason::MissingField),
        row("amount in text", with("57", "\"57\""), Reason::WrongType),
        row("who is a number", with("\"MOM\"", "5"), Reason::WrongType),
        row(
            "date is null",
            with("\"01/28/2022\"", "null"),
            Reason::WrongType,
        ),
        row(
            "impossible date",
            with("01/28/2022", "02/29/2022"),
            Reason::BadDate,
        ),
        row(
            "other date",
            with("01/28/2022", "2022-01-28"),
            Reason::BadDate,
        ),
        row(
            "impossible time",
            with("14:03:07", "24:00:00"),
            Reason::BadTime,
        ),
        row("too fine", with("57", "57.001"), Reason::BadAmount),
        row("negative", with("57", "-1"), Reason::BadAmount),
        row(
            "too much",
            with("57", "10000000000000.01"),
            Reason::BadAmount,
        ),
        row("far too much", with("57", "1e400"), Reason::BadAmount),
        row(
            "amount twice",
            with("57", "57, \"AMOUNT\": 57"),
            Reason::DuplicateField,
        ),
        row(
            "who twice",
            with("{", "{\"WHO\": \"ME\", "),
            Reason::DuplicateField,
        ),
        row("who too long", with("MOM", &long), Reason::FieldTooLong),
        row("type too long", with("VISA", &long), Reason::FieldTooLong),
    ]
}

#[test]
fn every_bad_record_goes_to_the_dead_letters_with_its_reason_and_the_stream_goes_on() {
    let bench = Bench::new(Cluster::any(), 1);
    let (table, sender) = (table(), bench.cluster.sender());
    for (name, payload, _) in &table {
        let bad = Sending {
            key: Some(name.as_bytes()),
            payload: payload.as_deref(),
            headers: &[("trace", Some(b"abc")), (header::REASON, Some(b"a lie"))],
            timestamp_ms: Some(1_643_346_187_123),
            ..Sending::default()
        };
        let good = Sending {
            payload: Some(VISA.as_bytes()),
            ..Sending::default()
        };
        sender.send(&bench.payments, bad);
        sender.send(&bench.payments, good);
    }
    sender.flush();
    let detector = ready(bench.config());

    let letters = bench.read(&bench.dead_letters, table.len());
    for ((name, payload, reason), letter) in table.iter().zip(&letters) {
        assert_eq!(letter.key_text(), *name);
        assert_eq!(&letter.payload, payload, "{name}");
        assert_eq!(
            letter.header(header::REASON),
            Some(reason.as_str()),
            "{name}"
        );
        assert!(
            letter
                .header(header::ERROR)
                .is_some_and(|error| error.len() > 5),
            "{name}"
        );
        assert_eq!(letter.header("trace"), Some("abc"), "{name}");
    }
    for (number, letter) in (0..).zip(&letters) {
        let headers = letter.headers.iter();
        let headers = headers.map(|(name, value)| (name.as_str(), value.as_deref()));
        let provenance = Provenance::read(headers).expect("readable").expect("ours");
        let source = format!("{}/0/{}", bench.payments, 2 * number);
        assert_eq!(provenance.source.to_string(), source);
        assert_eq!(provenance.time.millis(), 1_643_346_187_123);
        assert!(provenance.decided_ms > 1_643_346_187_123);
        assert_eq!(provenance.verdict, None);
    }
    bench.read(&bench.legit, table.len());
    bench.read(&bench.fraud, 0);

    let mut counts: BTreeMap<&str, f64> = Reason::ALL
        .iter()
        .map(|reason| (reason.as_str(), 0.0))
        .collect();
    for (_, _, reason) in &table {
        *counts.entry(reason.as_str()).or_default() += 1.0;
    }
    assert!(
        counts.values().all(|count| *count > 0.0),
        "every reason has its row: {counts:?}"
    );
    detector.wait_for_metric(DECIDED, |count| count == table.len() as f64);
    for (reason, count) in counts {
        assert_eq!(
            detector.metric(&format!("dead_letters_total{{reason=\"{reason}\"}}")),
            count,
            "{reason}"
        );
    }
    detector.stop();
}
