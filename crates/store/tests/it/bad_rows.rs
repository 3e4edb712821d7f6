//! Rows that the database refuses for what is in them.

use chrono::NaiveTime;
use store::{Batch, Committed, Database, PaymentRow, Relation, UNSTORABLE};

use crate::bench::Bench;
use crate::databases::on_every_database;
use crate::rows::{SINK, alert, partition, payment, payments, place, source, storing};

/// Stores a batch of three whose second row is this one; hands out what became of it.
async fn store_between_two_good_rows(bench: &Bench, bad: PaymentRow) -> Committed {
    let claim = bench.store.claim(SINK, &partition(), "a").await.unwrap();
    let rows = vec![payment(1), bad, payment(3)];
    let batch = Batch {
        alerts: vec![alert(1, 0)],
        ..storing(claim, 4, rows)
    };
    bench.store.commit(&batch).await.unwrap()
}

#[tokio::test]
async fn a_refused_row_becomes_a_dead_letter_beside_its_stored_neighbours() {
    on_every_database(|bench| async move {
        let bad = PaymentRow {
            account: Some("9".repeat(256)),
            ..payment(2)
        };
        let Committed::Stored {
            rows,
            duplicates,
            dead_lettered,
        } = store_between_two_good_rows(&bench, bad).await
        else {
            panic!("fenced");
        };
        assert_eq!((rows, duplicates.len(), dead_lettered.len()), (2, 0, 1));
        assert_eq!(dead_lettered[0].key, source(0, 2));
        assert!(
            dead_lettered[0].error.contains("account"),
            "{}",
            dead_lettered[0].error
        );
        assert_eq!(bench.store.count(Relation::LegitPayments).await.unwrap(), 2);
        let reason = bench
            .text("SELECT reason FROM dead_letters WHERE source_offset = 2 AND record_offset = 2")
            .await;
        assert_eq!(reason.as_deref(), Some(UNSTORABLE));
        let payload = bench
            .text("SELECT HEX(payload) FROM dead_letters")
            .await
            .unwrap();
        let expected: String = payment(2)
            .payload
            .iter()
            .map(|byte| format!("{byte:02X}"))
            .collect();
        assert_eq!(payload, expected);
        assert_eq!(
            bench.store.positions(SINK).await.unwrap()[0].next_offset,
            Some(4)
        );
    })
    .await;
}

#[tokio::test]
async fn both_databases_refuse_the_same_values() {
    async fn check(what: &'static str, spoil: fn(&mut PaymentRow)) {
        on_every_database(|bench| async move {
            let mut bad = payment(2);
            spoil(&mut bad);
            let outcome = store_between_two_good_rows(&bench, bad).await;
            let Committed::Stored {
                rows: 2,
                dead_lettered,
                ..
            } = outcome
            else {
                panic!("{what}: {outcome:?}");
            };
            assert_eq!(dead_lettered.len(), 1, "{what}");
        })
        .await;
    }
    check("an id of 256 characters", |row| {
        row.id = Some("x".repeat(256))
    })
    .await;
    check("a type of 256 characters", |row| {
        row.payment_type = "x".repeat(256)
    })
    .await;
    check("a recipient of 256 characters", |row| {
        row.who = "마".repeat(256)
    })
    .await;
    check("a leap second", |row| {
        row.business_time = NaiveTime::from_hms_milli_opt(23, 59, 59, 1_000).unwrap();
    })
    .await;
    check("rules of 65,536 characters", |row| {
        row.rules = Some("r".repeat(65_536))
    })
    .await;
}

#[tokio::test]
async fn texts_of_255_characters_are_stored_whatever_their_bytes() {
    on_every_database(|bench| async move {
        let longest = PaymentRow {
            who: "🍜".repeat(255),
            account: Some("마".repeat(255)),
            ..payment(2)
        };
        let outcome = store_between_two_good_rows(&bench, longest).await;
        assert!(
            matches!(outcome, Committed::Stored { rows: 3, .. }),
            "{outcome:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_key_that_cannot_be_stored_gives_way_to_the_records_own_place() {
    on_every_database(|bench| async move {
        let claim = bench.store.claim(SINK, &partition(), "a").await.unwrap();
        let mut bad = payment(2);
        bad.key.topic = "t".repeat(250).into();
        let lost = store::AlertRow {
            key: bad.key.clone(),
            ..alert(2, 0)
        };
        let batch = Batch {
            alerts: vec![lost, alert(1, 0)],
            ..storing(claim, 4, vec![payment(1), bad.clone()])
        };
        let Committed::Stored {
            rows,
            dead_lettered,
            ..
        } = bench.store.commit(&batch).await.unwrap()
        else {
            panic!("fenced");
        };
        assert_eq!((rows, &dead_lettered[0].key), (1, &bad.key));
        let mut keys = bench.store.stored_keys(Relation::DeadLetters);
        assert_eq!(keys.next().await.unwrap(), Some(place(2)));
        assert_eq!(bench.store.count(Relation::Alerts).await.unwrap(), 1);
    })
    .await;
}

#[tokio::test]
async fn the_alert_of_a_refused_payment_is_kept() {
    on_every_database(|bench| async move {
        let claim = bench.store.claim(SINK, &partition(), "a").await.unwrap();
        let mut rows = payments(1..4);
        rows[1].id = Some("x".repeat(256));
        let batch = Batch {
            alerts: vec![alert(2, 0)],
            ..storing(claim, 4, rows)
        };
        assert!(matches!(
            bench.store.commit(&batch).await.unwrap(),
            Committed::Stored { rows: 2, .. }
        ));
        assert_eq!(bench.store.count(Relation::Alerts).await.unwrap(), 1);
    })
    .await;
}
