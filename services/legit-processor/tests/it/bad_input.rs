//! Records that nobody can read become rows too, each with its reason and its bytes, and the stream goes on.

use std::collections::BTreeMap;

use payment::Reason;
use service::testing::Observed as _;
use sink::testing::{Output, TOPIC_ID, VISA, with};

use crate::support::{bench, config, ready};

/// What is wrong, what comes in, and what it is called.
fn table() -> Vec<(&'static str, Option<Vec<u8>>, Reason)> {
    let long = "마".repeat(256);
    let row = |name, payload: Vec<u8>, reason| (name, Some(payload), reason);
    let edit = |name, from, to, reason| row(name, with(from, to), reason);
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
        edit("half a surrogate pair", "MOM", r"\ud83c", Reason::NotJson),
        edit("nan", "57", "NaN", Reason::NotJson),
        edit("infinity", "57", "-Infinity", Reason::NotJson),
        row("list", b"[]".to_vec(), Reason::NotAnObject),
        row("number", b"57".to_vec(), Reason::NotAnObject),
        row("null", b"null".to_vec(), Reason::NotAnObject),
        row("nothing in it", b"{}".to_vec(), Reason::MissingField),
        edit("without date", "DATE", "DAY", Reason::MissingField),
        edit("without time", "TIME", "HOUR", Reason::MissingField),
        edit("without type", "PAYMENTTYPE", "TYPE", Reason::MissingField),
        edit("without amount", "AMOUNT", "Amount", Reason::MissingField),
        edit("without who", "WHO", "TO", Reason::MissingField),
        edit("amount in text", "57", "\"57\"", Reason::WrongType),
        edit("who is a number", "\"MOM\"", "5", Reason::WrongType),
        edit("date is null", "\"01/28/2022\"", "null", Reason::WrongType),
        edit("id is a number", "{", "{\"ID\": 7, ", Reason::WrongType),
        edit(
            "impossible date",
            "01/28/2022",
            "02/29/2022",
            Reason::BadDate,
        ),
        edit("other date", "01/28/2022", "2022-01-28", Reason::BadDate),
        edit("impossible time", "14:03:07", "24:00:00", Reason::BadTime),
        edit("too fine", "57", "57.001", Reason::BadAmount),
        edit("negative", "57", "-1", Reason::BadAmount),
        edit("too much", "57", "10000000000000.01", Reason::BadAmount),
        edit("far too much", "57", "1e400", Reason::BadAmount),
        edit(
            "amount twice",
            "57",
            "57, \"AMOUNT\": 57",
            Reason::DuplicateField,
        ),
        edit(
            "who twice",
            "{",
            "{\"WHO\": \"ME\", ",
            Reason::DuplicateField,
        ),
        edit("who too long", "MOM", &long, Reason::FieldTooLong),
        edit("type too long", "VISA", &long, Reason::FieldTooLong),
    ]
}

#[test]
fn every_bad_record_rests_with_its_reason_and_its_bytes_and_the_stream_goes_on() {
    let (bench, table) = (bench(2), table());
    for (number, (name, payload, _)) in (0..).zip(&table) {
        let bad = Output {
            key: Some(name.as_bytes().to_vec()),
            payload: payload.clone(),
            ..Output::decided((7, number), "", "")
        };
        bench.send(0, [&bad, &Output::foreign(VISA)]);
    }
    let processor = ready(config(&bench));
    let letters = bench.dead_letters(table.len());
    let topic_id = bench.topic_id();
    assert!(!topic_id.is_empty());
    for ((number, (name, payload, reason)), letter) in (0..).zip(&table).zip(&letters) {
        assert_eq!(letter.record_key.as_deref(), Some(name.as_bytes()));
        assert_eq!(&letter.payload, payload, "{name}");
        assert_eq!(letter.reason, reason.as_str(), "{name}");
        assert!(letter.error.len() > 5, "{name}: {}", letter.error);
        let place = format!("{}/0/{}", bench.topic, 2 * number);
        assert_eq!(letter.place.to_string(), place, "{name}");
        assert_eq!(letter.key.to_string(), format!("payments/7/{number}"));
        assert_eq!(&*letter.key.topic_id, TOPIC_ID, "{name}");
    }
    let rows = bench.payments(table.len());
    assert!(rows.iter().all(|row| row.payload == VISA.as_bytes()));
    assert_eq!(bench.position(0), 2 * table.len() as i64);

    let every = Reason::ALL.iter();
    let mut counts: BTreeMap<&str, f64> = every.map(|reason| (reason.as_str(), 0.0)).collect();
    for (_, _, reason) in &table {
        *counts.entry(reason.as_str()).or_default() += 1.0;
    }
    let all = counts.values().all(|count| *count > 0.0);
    assert!(all, "every reason has its row: {counts:?}");
    for (reason, count) in counts {
        let line = format!("dead_letters_total{{reason=\"{reason}\"}}");
        processor.wait_for_metric(&line, |found| found == count);
    }
    assert!(processor.readiness().contains("kafka: ok"));
    processor.stop();
}

#[test]
fn a_bad_record_of_the_replaced_system_rests_under_its_own_place() {
    let bench = bench(1);
    let bad = Output::foreign(b"\x00\x80 no payment");
    bench.send(0, [&Output::foreign(VISA), &bad, &Output::default()]);
    let processor = ready(config(&bench));
    let letters = bench.dead_letters(2);
    for (letter, (offset, output, reason)) in letters
        .iter()
        .zip([(1, &bad, "not_utf8"), (2, &Output::default(), "tombstone")])
    {
        assert_eq!(
            letter.key.to_string(),
            format!("{}/0/{offset}", bench.topic)
        );
        assert_eq!(*letter.key.topic_id, *bench.topic_id());
        assert_eq!(letter.key.to_string(), letter.place.to_string());
        assert_eq!(letter.reason, reason);
        assert_eq!(
            (&letter.payload, &letter.record_key),
            (&output.payload, &None)
        );
    }
    bench.payments(1);
    processor.stop();
}
