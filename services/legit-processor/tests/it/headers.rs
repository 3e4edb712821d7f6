//! Headers that claim to be ours and do not read as ours: nobody knows under which source to store such a payment.

use payment::header;
use service::testing::Observed as _;
use sink::testing::{Output, VISA};

use crate::support::{bench, config, ready};

fn ours() -> Output {
    Output::decided((0, 0), "", VISA)
}

/// Each with what its error names.
fn table() -> Vec<(Output, &'static str)> {
    let source = |text: &str| (ours().header(header::SOURCE, text), header::SOURCE);
    let with = |name, value: &str| (ours().header(name, value), name);
    let without = |name| (ours().without(name), name);
    let bytes = |name, value| (ours().raw_header(name, value), name);
    vec![
        source("garbage"),
        source(""),
        source("payments/0"),
        source("payments/-1/0"),
        source("payments/0/01"),
        source("payments/2147483648/0"),
        source("payments/0/9223372036854775808"),
        source("a/b/0/0"),
        bytes(header::SOURCE, Some(b"payments/0/\xff")),
        bytes(header::SOURCE, None),
        bytes(header::TOPIC_ID, Some(b"\xc3\x28")),
        bytes(header::RULES, Some(b"\xff\xfe")),
        with(header::TIME, "yesterday"),
        with(header::DECIDED, "1e9"),
        with(header::VERDICT, "guilty"),
        without(header::SOURCE),
        without(header::TOPIC_ID),
        without(header::TIME),
        without(header::DECIDED),
        (ours().twice(header::SOURCE), header::SOURCE),
        (ours().twice(header::RULES), header::RULES),
        (
            Output::foreign(VISA).header("fs-unheard-of", "x"),
            header::SOURCE,
        ),
    ]
}

#[test]
fn a_record_with_hostile_headers_rests_under_its_own_place_and_the_stream_goes_on() {
    let (bench, table) = (bench(1), table());
    bench.send(0, table.iter().map(|(output, _)| output));
    bench.send(0, [&ours()]);
    let processor = ready(config(&bench));
    let letters = bench.dead_letters(table.len());
    for ((offset, (_, name)), letter) in (0..).zip(&table).zip(&letters) {
        assert_eq!(letter.reason, "bad_headers", "{}", letter.error);
        assert!(letter.error.contains(name), "{name}: {}", letter.error);
        assert_eq!(letter.payload.as_deref(), Some(VISA.as_bytes()));
        assert_eq!(
            letter.key.to_string(),
            format!("{}/0/{offset}", bench.topic)
        );
    }
    assert_eq!(bench.payments(1)[0].key.to_string(), "payments/0/0");
    let line = "dead_letters_total{reason=\"bad_headers\"}";
    processor.wait_for_metric(line, |count| count == table.len() as f64);
    processor.stop();
}

#[test]
fn headers_of_others_are_nobodys_business() {
    let bench = bench(1);
    let foreign = Output::foreign(VISA)
        .raw_header("", Some(b"no name"))
        .raw_header("null", None)
        .raw_header("fs", Some(b"\xff\xfe not text"))
        .raw_header("FS-SOURCE", Some(b"payments/9/9"))
        .raw_header("trace", Some(b"1"))
        .twice("trace");
    bench.send(0, [&foreign]);
    let processor = ready(config(&bench));
    let row = bench.payments(1).remove(0);
    assert_eq!(row.key.to_string(), format!("{}/0/0", bench.topic));
    processor.stop();
}

#[test]
fn what_the_database_does_not_take_is_a_dead_letter_beside_its_stored_neighbours() {
    let bench = bench(1);
    let (rules, topic) = ("r".repeat(65_536), format!("{}/1/5", "t".repeat(250)));
    let outputs = [
        Output::decided((0, 1), "", VISA),
        Output::decided((0, 2), &rules, VISA),
        ours().header(header::SOURCE, &topic),
        ours().header(header::TOPIC_ID, &"i".repeat(65)),
        Output::decided((0, 3), "", VISA),
    ];
    bench.send(0, &outputs);
    let processor = ready(config(&bench));
    let letters = bench.dead_letters(3);
    let place = |offset| format!("{}/0/{offset}", bench.topic);
    let keys = ["payments/0/2".to_owned(), place(2), place(3)];
    for (letter, key) in letters.iter().zip(keys) {
        assert_eq!(letter.reason, "unstorable");
        assert_eq!(letter.key.to_string(), key, "{}", letter.error);
        assert_eq!(letter.payload.as_deref(), Some(VISA.as_bytes()));
    }
    let stored: Vec<i64> = bench.payments(2).iter().map(|row| row.key.offset).collect();
    assert_eq!(stored, [1, 3]);
    let line = "dead_letters_total{reason=\"unstorable\"}";
    processor.wait_for_metric(line, |count| count == 3.0);
    assert_eq!(bench.position(0), 5);
    processor.stop();
}
