//! The outbox: what a human gets to see, in the same transaction as the payment.

use service::clock;
use service::testing::Observed as _;
use sink::testing::{Output, TOPIC_ID, ours, with};

use crate::support::{bench, ready};

const RULES: &str = "bitcoin,stranger-bitcoin";

#[test]
fn an_alert_says_what_happened_and_neither_whose_account_it_was_nor_who_got_it() {
    let bench = bench(2);
    let (output, mut expected) = ours(RULES, "alert");
    bench.send(1, [&output]);
    let processor = ready(&bench);
    let row = bench.payments(1).remove(0);
    expected.stored_at = row.stored_at;
    assert_eq!(row, expected);

    let alert = bench.alerts(1).remove(0);
    assert_eq!(alert.key, row.key);
    assert_eq!(&*alert.key.topic_id, TOPIC_ID);
    assert_eq!(alert.id, "payments/3/42");
    assert_eq!(
        alert.body,
        concat!(
            r#"{"id":"payments/3/42","payment":"0190b5a2-7c1e-7d3a-8f00-5c0ffee00001","#,
            r#""rules":["bitcoin","stranger-bitcoin"],"payment_type":"MASTERCARD","amount":"1234.56","#,
            r#""currency":"KRW","event_time_ms":1643346187123,"decided_ms":1643346187456}"#
        )
    );
    // Nobody was told, and somebody may be at once.
    assert_eq!((alert.state.as_str(), alert.attempts), ("pending", 0));
    assert_eq!(alert.next_attempt_at, alert.created_at);
    let age = clock::now_ms() - alert.created_at;
    assert!((0..120_000).contains(&age), "{age} ms");
    processor.stop();
}

#[test]
fn an_alert_of_the_replaced_system_says_less() {
    let bench = bench(1);
    bench.send(0, [&Output::foreign(with("MOM", "stranger"))]);
    let processor = ready(&bench);
    let alert = bench.alerts(1).remove(0);
    let place = format!("{}/0/0", bench.topic);
    assert_eq!((&alert.id, alert.key.to_string()), (&place, place.clone()));
    let rest = r#""payment":null,"rules":[],"payment_type":"VISA","amount":"57","currency":null,"event_time_ms":null,"decided_ms":null}"#;
    assert_eq!(alert.body, format!(r#"{{"id":"{place}",{rest}"#));
    processor.stop();
}

#[test]
fn a_payment_that_comes_again_is_alerted_once() {
    let bench = bench(2);
    let (output, _) = ours(RULES, "alert");
    bench.send(0, [&output, &output]);
    let processor = ready(&bench);
    bench.alerts(1);
    bench.send(1, [&output, &Output::decided((9, 9), RULES, "{}")]);
    bench.dead_letters(1);
    processor.wait_for_metric("duplicates_total", |count| count == 2.0);
    bench.alerts(1);
    bench.payments(1);
    processor.stop();

    // Nor is it after a restart that reads it once more.
    bench.sql("UPDATE sink_offset SET next_offset = 0");
    let processor = ready(&bench);
    processor.wait_for_metric("duplicates_total", |count| count == 4.0);
    bench.alerts(1);
    assert_eq!(processor.metric("alerts_total{state=\"raised\"}"), 0.0);
    processor.stop();
}

#[test]
fn other_bytes_under_the_same_source_raise_no_alert() {
    let bench = bench(1);
    let decided = |who| Output::decided((0, 0), RULES, with("MOM", who));
    bench.send(0, [&decided("STRANGER")]);
    let processor = ready(&bench);
    let first = bench.alerts(1);
    bench.send(0, [&decided("stranger")]);
    processor.wait_for("is halted");
    assert_eq!(bench.alerts(1), first);
    assert_eq!(bench.payments(1)[0].who, "STRANGER");
    assert_eq!(bench.position(0), 1);
    processor.stop();
}
