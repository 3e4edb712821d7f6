//! What records have to become.

use store::RowKey;
use store::testing::RestingPayment;

use super::bench::Bench;
use super::output::{DECIDED_MS, Output, TIME_MS, TOPIC_ID};
use super::payloads::{FULL, with};

/// A payment of our own producer as our detector hands it on, and the row that it becomes, but for when it is stored.
pub fn ours(rules: &str, state: &str) -> (Output, RestingPayment) {
    let row = RestingPayment {
        key: RowKey {
            topic_id: TOPIC_ID.into(),
            topic: "payments".into(),
            partition: 3,
            offset: 42,
        },
        id: Some("0190b5a2-7c1e-7d3a-8f00-5c0ffee00001".to_owned()),
        account: Some("KR-000042".to_owned()),
        payment_type: "MASTERCARD".to_owned(),
        amount_hundredths: 123_456,
        currency: Some("KRW".to_owned()),
        country: Some("KR".to_owned()),
        who: r#"친구 🍜 "'\"#.to_owned(),
        business_date: "2024-12-31".to_owned(),
        business_time: "23:59:59".to_owned(),
        event_time: TIME_MS,
        rules: Some(rules.to_owned()),
        state: state.to_owned(),
        decided_at: Some(DECIDED_MS),
        stored_at: 0,
        payload: FULL.as_bytes().to_vec(),
    };
    (Output::decided((3, 42), rules, FULL), row)
}

/// A payment of the replaced system, and the row that it becomes at this place, but for when it is stored. Python escapes whatever is
/// not ASCII.
pub fn foreign(bench: &Bench, place: (i32, i64), state: &str) -> (Output, RestingPayment) {
    let payload = with("MOM", r"\uc5c4\ub9c8 \ud83c\udf5c");
    let output = Output {
        timestamp_ms: Some(TIME_MS),
        ..Output::foreign(&payload)
    };
    let (partition, offset) = place;
    let row = RestingPayment {
        key: RowKey {
            topic_id: "".into(),
            topic: bench.topic.as_str().into(),
            partition,
            offset,
        },
        id: None,
        account: None,
        payment_type: "VISA".to_owned(),
        amount_hundredths: 5_700,
        currency: None,
        country: None,
        who: "엄마 🍜".to_owned(),
        business_date: "2022-01-28".to_owned(),
        business_time: "14:03:07".to_owned(),
        event_time: TIME_MS,
        rules: None,
        state: state.to_owned(),
        decided_at: None,
        stored_at: 0,
        payload,
    };
    (output, row)
}
