//! The stream, byte by byte and in the large.

use std::collections::BTreeSet;

use payment::{PaymentType, Recipient};

use super::*;

/// 2022-01-28T14:03:07+09:00
const START_MS: i64 = 1_643_346_187_000;

fn plan() -> Plan {
    Plan {
        seed: 42,
        start_ms: START_MS,
        pace: Pace::new(0.667),
        time_zone: Tz::Asia__Seoul,
        accounts: 1_000,
        format: Format::Full,
    }
}

fn texts(plan: Plan, count: usize) -> Vec<String> {
    Generator::new(plan)
        .take(count)
        .map(|made| String::from_utf8(made.payload).expect("utf-8"))
        .collect()
}

#[test]
fn a_seed_and_a_start_time_decide_every_byte() {
    let expected = [
        concat!(
            r#"{"DATE":"01/28/2022","TIME":"14:03:07","PAYMENTTYPE":"VISA","AMOUNT":17.50,"WHO":"FRIEND","#,
            r#""ID":"017e9f10-d2f8-7a9f-91f8-dfb0ca08a881","ACCOUNT":"acct-000405","CURRENCY":"USD","COUNTRY":"US"}"#
        ),
        concat!(
            r#"{"DATE":"01/28/2022","TIME":"14:03:08","PAYMENTTYPE":"VISA","AMOUNT":87.95,"WHO":"MOM","#,
            r#""ID":"017e9f10-d8d3-7f21-9500-37ae6bd23910","ACCOUNT":"acct-000131","CURRENCY":"USD","COUNTRY":"US"}"#
        ),
        concat!(
            r#"{"DATE":"01/28/2022","TIME":"14:03:09","PAYMENTTYPE":"MASTERCARD","AMOUNT":385,"WHO":"FRIEND","#,
            r#""ID":"017e9f10-deae-7021-80d1-eb16fd37ca2f","ACCOUNT":"acct-000523","CURRENCY":"USD","COUNTRY":"US"}"#
        ),
    ];
    assert_eq!(texts(plan(), 3), expected);
}

#[test]
fn the_legacy_format_is_the_same_stream_with_python_s_five_fields() {
    let expected = [
        r#"{"DATE": "01/28/2022", "TIME": "14:03:07", "PAYMENTTYPE": "VISA", "AMOUNT": 17.5, "WHO": "FRIEND"}"#,
        r#"{"DATE": "01/28/2022", "TIME": "14:03:08", "PAYMENTTYPE": "VISA", "AMOUNT": 87.95, "WHO": "MOM"}"#,
        r#"{"DATE": "01/28/2022", "TIME": "14:03:09", "PAYMENTTYPE": "MASTERCARD", "AMOUNT": 385, "WHO": "FRIEND"}"#,
    ];
    assert_eq!(
        texts(
            Plan {
                format: Format::Legacy,
                ..plan()
            },
            3
        ),
        expected
    );
}

#[test]
fn another_seed_is_another_stream() {
    assert_ne!(texts(plan(), 10), texts(Plan { seed: 43, ..plan() }, 10));
    assert_eq!(texts(plan(), 10), texts(plan(), 10));
}

#[test]
fn the_key_is_the_account_and_legacy_has_none() {
    for made in Generator::new(plan()).take(100) {
        let payment = Payment::try_from(made.payload.as_slice()).expect("a payment");
        assert_eq!(payment.account.as_deref(), made.key.as_deref());
        assert!(made.key.is_some());
    }
    assert!(
        Generator::new(Plan {
            format: Format::Legacy,
            ..plan()
        })
        .take(100)
        .all(|made| made.key.is_none())
    );
}

#[test]
fn times_follow_the_pace_and_the_zone() {
    let made: Vec<_> = Generator::new(plan()).take(4).collect();
    let offsets: Vec<_> = made
        .iter()
        .map(|made| made.timestamp_ms - START_MS)
        .collect();
    assert_eq!(offsets, [0, 1_499, 2_998, 4_497]);
    let new_york: Vec<_> = texts(
        Plan {
            time_zone: Tz::America__New_York,
            ..plan()
        },
        1,
    );
    assert!(
        new_york[0].starts_with(r#"{"DATE":"01/28/2022","TIME":"00:03:07""#),
        "{}",
        new_york[0]
    );
}

#[test]
fn ids_are_version_7_of_the_payment_s_time_and_unique() {
    let made: Vec<_> = Generator::new(Plan {
        pace: Pace::new(100_000.0),
        ..plan()
    })
    .take(10_000)
    .collect();
    let ids: BTreeSet<_> = made
        .iter()
        .map(|made| {
            let payment = Payment::try_from(made.payload.as_slice()).expect("a payment");
            let id: uuid::Uuid = payment
                .id
                .as_deref()
                .expect("an id")
                .parse()
                .expect("a uuid");
            let (seconds, nanos) = id.get_timestamp().expect("a time").to_unix();
            assert_eq!(
                seconds as i64 * 1_000 + i64::from(nanos) / 1_000_000,
                made.timestamp_ms
            );
            assert_eq!(id.get_version_num(), 7);
            id
        })
        .collect();
    assert_eq!(ids.len(), 10_000);
}

#[test]
fn every_class_turns_up_about_as_often_as_its_weight() {
    let mut fraud = 0;
    let mut alerts = 0;
    for made in Generator::new(plan()).take(10_000) {
        let payment = Payment::try_from(made.payload.as_slice()).expect("a payment");
        assert_ne!(
            (payment.kind(), payment.recipient()),
            (PaymentType::Other, Recipient::Other)
        );
        assert!((100..=500_000).contains(&payment.amount.hundredths()));
        if payment.kind() == PaymentType::Bitcoin {
            fraud += 1;
            alerts += i32::from(payment.recipient() == Recipient::Stranger);
        }
    }
    assert!((1_800..2_200).contains(&fraud), "{fraud}");
    assert!((300..500).contains(&alerts), "{alerts}");
}

#[test]
fn one_account_is_enough() {
    assert!(
        Generator::new(Plan {
            accounts: 1,
            ..plan()
        })
        .take(100)
        .all(|made| made.key.as_deref() == Some("acct-000000"))
    );
}

#[test]
fn the_stream_ends_where_the_calendar_does() {
    // 9999-12-31T23:59:58Z
    let last = Plan {
        start_ms: 253_402_300_798_000,
        pace: Pace::new(1.0),
        time_zone: Tz::UTC,
        ..plan()
    };
    assert_eq!(Generator::new(last).take(10).count(), 2);
}
