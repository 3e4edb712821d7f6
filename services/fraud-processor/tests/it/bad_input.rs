//! What is no payment raises no alert; it rests with its reason and its bytes, and the stream goes on.

use service::testing::Observed as _;
use sink::testing::{Output, with};

use crate::support::{bench, ready};

#[test]
fn bad_records_rest_beside_the_fraud_and_nobody_is_alerted() {
    let bench = bench(1);
    let rules = "stranger-bitcoin";
    let stranger = with("MOM", "STRANGER");
    let table: [(&[u8], &str); 4] = [
        (b"\xff", "not_utf8"),
        (b"[]", "not_an_object"),
        (&stranger[..stranger.len() - 1], "not_json"),
        (br#"{"WHO": "STRANGER"}"#, "missing_field"),
    ];
    for (number, (payload, _)) in (0..).zip(table) {
        bench.send(0, [&Output::decided((0, number), rules, payload)]);
    }
    let lie = Output::decided((0, 0), rules, &stranger).header("fs-source", "?");
    bench.send(0, [&lie, &Output::decided((0, 100), rules, &stranger)]);
    let processor = ready(&bench);
    let letters = bench.dead_letters(5);
    for ((number, (payload, reason)), letter) in (0..).zip(table).zip(&letters) {
        assert_eq!(letter.key.to_string(), format!("payments/0/{number}"));
        assert_eq!(
            (letter.payload.as_deref(), &*letter.reason),
            (Some(payload), reason)
        );
    }
    assert_eq!(letters[4].reason, "bad_headers");
    let rows = bench.payments(1);
    assert_eq!(bench.alerts(1)[0].key, rows[0].key);
    for (_, reason) in table {
        let line = format!("dead_letters_total{{reason=\"{reason}\"}}");
        processor.wait_for_metric(&line, |count| count == 1.0);
    }
    processor.stop();
}
