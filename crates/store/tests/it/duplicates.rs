//! Keys that are there already.

use store::{Batch, Committed, Database, DeadLetterRow, Fate, Relation, Trouble};

use crate::databases::on_every_database;
use crate::rows::{
    SINK, alert, moving, partition, payment, payments, place, source, stored, storing,
};

/// A record that nobody could read.
pub fn dead_letter(offset: i64) -> DeadLetterRow {
    DeadLetterRow {
        key: place(offset),
        place: place(offset),
        reason: "not_json".into(),
        error: "expected value at line 1 column 1".into(),
        record_key: Some(b"KR-1".to_vec()),
        payload: Some(b"\xff\x00garbage".to_vec()),
    }
}

#[tokio::test]
async fn a_row_stored_before_with_equal_bytes_is_a_counted_duplicate() {
    on_every_database(|bench| async move {
        let mut claim = bench.store.claim(SINK, &partition(), "a").await.unwrap();
        let first = Batch {
            alerts: vec![alert(1, 0)],
            ..storing(claim, 3, payments(0..3))
        };
        assert_eq!(bench.store.commit(&first).await.unwrap(), stored(3));
        claim.next_offset = Some(3);
        let mut changed = alert(1, 0);
        changed.body = "{\"at\":\"another time\"}".into();
        let second = Batch {
            alerts: vec![changed, alert(4, 0)],
            ..storing(claim, 6, payments(1..6))
        };
        let outcome = bench.store.commit(&second).await.unwrap();
        let duplicates = vec![source(0, 1), source(0, 2)];
        assert_eq!(
            outcome,
            Committed::Stored {
                rows: 3,
                duplicates,
                dead_lettered: Vec::new()
            }
        );
        assert_eq!(bench.store.count(Relation::LegitPayments).await.unwrap(), 6);
        assert_eq!(bench.store.count(Relation::Alerts).await.unwrap(), 2);
        let body = bench
            .text("SELECT body FROM alerts WHERE source_offset = 1")
            .await;
        assert_eq!(body, Some(alert(1, 0).body), "the first alert stands");
    })
    .await;
}

#[tokio::test]
async fn a_key_with_other_bytes_is_a_conflict_that_stores_nothing() {
    on_every_database(|bench| async move {
        let mut claim = bench.store.claim(SINK, &partition(), "a").await.unwrap();
        assert_eq!(
            bench
                .store
                .commit(&storing(claim, 3, payments(0..3)))
                .await
                .unwrap(),
            stored(3)
        );
        claim.next_offset = Some(3);
        let mut rows = payments(2..600);
        rows[0].payload.push(b' ');
        let error = bench
            .store
            .commit(&storing(claim, 600, rows))
            .await
            .unwrap_err();
        assert_eq!(
            (error.fate(), error.trouble()),
            (Fate::Conflict, Trouble::Conflict)
        );
        assert!(
            error.to_string().contains("payments/0/2 in legit_payments"),
            "{error}"
        );
        assert_eq!(bench.store.count(Relation::LegitPayments).await.unwrap(), 3);
        let position = bench.store.positions(SINK).await.unwrap().remove(0);
        assert_eq!(position.next_offset, Some(3));
    })
    .await;
}

#[tokio::test]
async fn a_key_twice_in_one_batch_is_one_row_or_a_conflict() {
    on_every_database(|bench| async move {
        let mut claim = bench.store.claim(SINK, &partition(), "a").await.unwrap();
        let twice = storing(claim, 3, vec![payment(0), payment(1), payment(0)]);
        let outcome = bench.store.commit(&twice).await.unwrap();
        let duplicates = vec![source(0, 0)];
        assert_eq!(
            outcome,
            Committed::Stored {
                rows: 2,
                duplicates,
                dead_lettered: Vec::new()
            }
        );
        claim.next_offset = Some(3);
        let mut other = payment(5);
        other.payload = b"{}".to_vec();
        let error = bench
            .store
            .commit(&storing(claim, 6, vec![payment(5), other]))
            .await
            .unwrap_err();
        assert_eq!(error.fate(), Fate::Conflict);
    })
    .await;
}

#[tokio::test]
async fn a_topic_made_anew_collides_with_nothing() {
    on_every_database(|bench| async move {
        let mut claim = bench.store.claim(SINK, &partition(), "a").await.unwrap();
        assert_eq!(
            bench
                .store
                .commit(&storing(claim, 1, payments([0])))
                .await
                .unwrap(),
            stored(1)
        );
        claim.next_offset = Some(1);
        let mut anew = payment(0);
        anew.key.topic_id = "BBBBBBBBBBBBBBBBBBBBBB".into();
        anew.payload = b"{}".to_vec();
        assert_eq!(
            bench
                .store
                .commit(&storing(claim, 2, vec![anew]))
                .await
                .unwrap(),
            stored(1)
        );
    })
    .await;
}

#[tokio::test]
async fn dead_letters_keep_the_same_rule() {
    on_every_database(|bench| async move {
        let mut claim = bench.store.claim(SINK, &partition(), "a").await.unwrap();
        let tombstone = DeadLetterRow {
            payload: None,
            record_key: None,
            ..dead_letter(1)
        };
        let letters = vec![dead_letter(0), tombstone.clone()];
        let first = Batch {
            dead_letters: letters.clone(),
            ..moving(claim, 2)
        };
        assert_eq!(bench.store.commit(&first).await.unwrap(), stored(0));
        claim.next_offset = Some(2);
        let again = Batch {
            dead_letters: letters,
            ..moving(claim, 3)
        };
        let outcome = bench.store.commit(&again).await.unwrap();
        let duplicates = vec![dead_letter(0).key, tombstone.key.clone()];
        assert_eq!(
            outcome,
            Committed::Stored {
                rows: 0,
                duplicates,
                dead_lettered: Vec::new()
            }
        );
        claim.next_offset = Some(3);
        let other = Batch {
            dead_letters: vec![dead_letter(1)],
            ..moving(claim, 4)
        };
        assert_eq!(
            bench.store.commit(&other).await.unwrap_err().fate(),
            Fate::Conflict
        );
    })
    .await;
}
