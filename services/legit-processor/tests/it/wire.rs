//! What comes in comes to rest: every column, and the bytes.

use service::clock;
use sink::testing::{BITCOIN, Output, VISA, foreign, ours, with};

use crate::support::{bench, config, ready};

/// The clock of a database on the same machine.
fn assert_now(stored_at: i64) {
    let age = clock::now_ms() - stored_at;
    assert!((-5_000..120_000).contains(&age), "{stored_at}");
}

#[test]
fn a_payment_of_ours_rests_under_its_source_with_every_column() {
    let bench = bench(2);
    let (output, mut expected) = ours("", "mastercard");
    bench.send(1, [&output]);
    let processor = ready(config(&bench));
    let row = bench.payments(1).remove(0);
    assert_now(row.stored_at);
    expected.stored_at = row.stored_at;
    assert_eq!(row, expected);
    bench.alerts(0);
    processor.stop();
}

#[test]
fn a_payment_of_the_replaced_system_rests_under_its_own_place() {
    let bench = bench(2);
    let (output, mut expected) = foreign(&bench, (1, 1), "visa");
    bench.send(1, [&Output::foreign(VISA), &output]);
    let processor = ready(config(&bench));
    let rows = bench.payments(2);
    assert_now(rows[0].event_time);
    assert_now(rows[1].stored_at);
    expected.stored_at = rows[1].stored_at;
    expected.key.topic_id = bench.topic_id().into();
    assert!(!expected.key.topic_id.is_empty());
    assert_eq!(rows[1], expected);
    processor.stop();
}

#[test]
fn cards_are_named_and_everything_else_is_unprocessable() {
    let bench = bench(1);
    let table = [
        (with("VISA", "VISA"), "visa"),
        (with("VISA", "MASTERCARD"), "mastercard"),
        (BITCOIN.into(), "unprocessable"),
        (with("VISA", "visa"), "unprocessable"),
        (with("VISA", "VISA "), "unprocessable"),
        (with("VISA", ""), "unprocessable"),
        (with("VISA", r"\u0056ISA"), "visa"),
    ];
    let outputs: Vec<Output> = table
        .iter()
        .map(|(payload, _)| Output::foreign(payload))
        .collect();
    bench.send(0, &outputs);
    let processor = ready(config(&bench));
    let rows = bench.payments(table.len());
    for (row, (payload, state)) in rows.iter().zip(&table) {
        assert_eq!((&row.payload, row.state.as_str()), (payload, *state));
    }
    processor.stop();
}

#[test]
fn amounts_rest_as_hundredths_however_they_are_written() {
    let bench = bench(1);
    let table = [
        ("57", 5_700),
        ("57.0", 5_700),
        ("57.1", 5_710),
        ("57.10", 5_710),
        ("57.000", 5_700),
        ("5.7e1", 5_700),
        ("0.01", 1),
        ("0", 0),
        ("-0", 0),
        // The neighbours of what a double could not tell apart.
        ("9999999999999.99", 999_999_999_999_999),
        ("9999999999999.98", 999_999_999_999_998),
        ("10000000000000", 1_000_000_000_000_000),
    ];
    let outputs: Vec<Output> = table
        .iter()
        .map(|(amount, _)| Output::foreign(with("57", amount)))
        .collect();
    bench.send(0, &outputs);
    let processor = ready(config(&bench));
    let rows = bench.payments(table.len());
    for (row, (amount, hundredths)) in rows.iter().zip(table) {
        assert_eq!(row.amount_hundredths, hundredths, "{amount}");
    }
    processor.stop();
}

#[test]
fn days_and_times_rest_as_they_were_written_at_the_ends_of_the_calendar_too() {
    let bench = bench(1);
    let table = [
        ("02/29/2024", "00:00:00", "2024-02-29"),
        ("12/31/9999", "23:59:59", "9999-12-31"),
        ("01/01/1970", "12:00:00", "1970-01-01"),
        // Summer time skips this hour where some producers live.
        ("03/31/2024", "02:30:00", "2024-03-31"),
    ];
    let outputs: Vec<Output> = table
        .iter()
        .map(|(date, time, _)| {
            let payload = VISA.replace("01/28/2022", date).replace("14:03:07", time);
            Output::foreign(payload)
        })
        .collect();
    bench.send(0, &outputs);
    let processor = ready(config(&bench));
    let rows = bench.payments(table.len());
    for (row, (_, time, date)) in rows.iter().zip(table) {
        let found = (row.business_date.as_str(), row.business_time.as_str());
        assert_eq!(found, (date, time));
    }
    processor.stop();
}
