//! Who has to look at a payment: the detector's rules decide, and the recipient where there are none.

use payment::header;
use sink::testing::{BITCOIN, Output, VISA, foreign, ours, with};

use crate::support::{bench, ready};

#[test]
fn a_payment_of_ours_rests_with_every_column() {
    let bench = bench(2);
    let (output, mut expected) = ours("bitcoin", "processing");
    bench.send(1, [&output]);
    let processor = ready(&bench);
    let row = bench.payments(1).remove(0);
    expected.stored_at = row.stored_at;
    assert_eq!(row, expected);
    bench.alerts(0);
    let sink = "SELECT COUNT(*) FROM sink_offset WHERE sink = 'fraud-processor'";
    assert_eq!(bench.number(sink), Some(2));
    processor.stop();
}

#[test]
fn a_payment_of_the_replaced_system_rests_under_its_own_place() {
    let bench = bench(1);
    let (output, mut expected) = foreign(&bench, (0, 1), "processing");
    bench.send(0, [&Output::foreign(BITCOIN), &output]);
    let processor = ready(&bench);
    let rows = bench.payments(2);
    expected.stored_at = rows[1].stored_at;
    expected.key.topic_id = bench.topic_id().into();
    assert_eq!(rows[1], expected);
    assert_eq!(
        (rows[0].who.as_str(), rows[0].state.as_str()),
        ("엄마", "processing")
    );
    processor.stop();
}

/// Sends a table of records, and expects their states and as many alerts.
fn check(table: &[(Output, &str)]) {
    let bench = bench(1);
    bench.send(0, table.iter().map(|(output, _)| output));
    let processor = ready(&bench);
    let rows = bench.payments(table.len());
    for ((output, state), row) in table.iter().zip(&rows) {
        assert_eq!(Some(&row.payload), output.payload.as_ref());
        assert_eq!(row.state, *state, "{} to {:?}", row.key, row.who);
    }
    let alerted = rows.iter().filter(|row| row.state == "alert");
    let alerted: Vec<_> = alerted.map(|row| row.key.clone()).collect();
    let alerts = bench.alerts(alerted.len()).into_iter();
    assert_eq!(alerts.map(|alert| alert.key).collect::<Vec<_>>(), alerted);
    processor.stop();
}

#[test]
fn the_detectors_rules_decide_where_it_names_them() {
    let stranger = with("MOM", "STRANGER");
    let rows: Vec<_> = (0..)
        .zip([
            ("bitcoin", "processing"),
            ("bitcoin,stranger-bitcoin", "alert"),
            ("stranger-bitcoin", "alert"),
            ("", "processing"),
            ("unheard-of", "processing"),
            ("STRANGER-BITCOIN", "processing"),
            (",stranger-bitcoin,", "alert"),
        ])
        .flat_map(|(number, (rules, state))| {
            // Whoever the recipient is.
            let to =
                |partition, payload: &[u8]| Output::decided((partition, number), rules, payload);
            [(to(0, VISA.as_bytes()), state), (to(1, &stranger), state)]
        })
        .collect();
    // In the order of their keys, which is the order of the table.
    let (mothers, strangers): (Vec<_>, Vec<_>) = rows
        .into_iter()
        .partition(|(output, _)| output.payload.as_deref() == Some(VISA.as_bytes()));
    check(&[mothers, strangers].concat());
}

#[test]
fn without_rules_the_recipient_decides_in_any_case() {
    let table: Vec<_> = [
        ("STRANGER", "alert"),
        ("stranger", "alert"),
        ("StRaNgEr", "alert"),
        (r"\u0053TRANGER", "alert"),
        ("STRANGER ", "processing"),
        ("STRANGERS", "processing"),
        ("ＳＴＲＡＮＧＥＲ", "processing"),
        ("MOM", "processing"),
        ("", "processing"),
    ]
    .into_iter()
    .map(|(who, state)| (Output::foreign(with("MOM", who)), state))
    .collect();
    check(&table);
}

#[test]
fn a_record_of_ours_that_says_nothing_of_rules_is_judged_by_its_recipient() {
    let decided = |number, who| {
        Output::decided((0, number), "stranger-bitcoin", with("MOM", who)).without(header::RULES)
    };
    check(&[
        (decided(0, "MOM"), "processing"),
        (decided(1, "Stranger"), "alert"),
    ]);
}
