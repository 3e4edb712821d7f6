//! Rows and positions that appear together or not at all.

use std::time::Duration;

use store::{Advance, Batch, Claim, Committed, Database, Fate, Relation, Table};

use crate::databases::on_every_database;
use crate::duplicates::dead_letter;
use crate::rows::{
    SINK, alert, moving, partition, partition_number, payment, payments, stored, storing,
};

#[tokio::test]
async fn a_zombie_is_fenced_and_stores_nothing() {
    on_every_database(|bench| async move {
        let zombie = bench
            .store
            .claim(SINK, &partition(), "zombie")
            .await
            .unwrap();
        let owner = bench.replica().await;
        let claim = owner.claim(SINK, &partition(), "owner").await.unwrap();
        let late = Batch {
            alerts: vec![alert(0, 0)],
            dead_letters: vec![dead_letter(9)],
            ..storing(zombie, 3, payments(0..3))
        };
        let outcome = bench.store.commit(&late).await.unwrap();
        assert_eq!(
            outcome,
            Committed::Fenced {
                partitions: vec![partition()]
            }
        );
        for relation in Relation::ALL {
            assert_eq!(bench.store.count(*relation).await.unwrap(), 0, "{relation}");
        }
        assert_eq!(
            owner
                .commit(&storing(claim, 3, payments(0..3)))
                .await
                .unwrap(),
            stored(3)
        );
    })
    .await;
}

#[tokio::test]
async fn a_position_that_somebody_moved_fences_its_owner() {
    on_every_database(|bench| async move {
        let claim = bench.store.claim(SINK, &partition(), "a").await.unwrap();
        assert_eq!(
            bench.store.commit(&moving(claim, 10)).await.unwrap(),
            stored(0)
        );
        bench.sql("UPDATE sink_offset SET next_offset = 4").await;
        let held = Claim {
            next_offset: Some(10),
            ..claim
        };
        let outcome = bench
            .store
            .commit(&storing(held, 11, payments([10])))
            .await
            .unwrap();
        assert_eq!(
            outcome,
            Committed::Fenced {
                partitions: vec![partition()]
            }
        );
        assert_eq!(bench.store.count(Relation::LegitPayments).await.unwrap(), 0);
    })
    .await;
}

#[tokio::test]
async fn one_lost_partition_undoes_the_batch_and_only_it_is_named() {
    on_every_database(|bench| async move {
        let mut advances = Vec::new();
        for number in [2, 0, 1] {
            let claim = bench
                .store
                .claim(SINK, &partition_number(number), "a")
                .await
                .unwrap();
            advances.push(Advance {
                partition: partition_number(number),
                epoch: claim.epoch,
                from: None,
                to: 5,
            });
        }
        bench
            .replica()
            .await
            .claim(SINK, &partition_number(1), "b")
            .await
            .unwrap();
        let nobody = Claim {
            epoch: 0,
            next_offset: None,
        };
        let batch = Batch {
            advances,
            ..storing(nobody, 0, payments(0..5))
        };
        let outcome = bench.store.commit(&batch).await.unwrap();
        assert_eq!(
            outcome,
            Committed::Fenced {
                partitions: vec![partition_number(1)]
            }
        );
        let moved = bench
            .store
            .positions(SINK)
            .await
            .unwrap()
            .into_iter()
            .filter_map(|position| position.next_offset);
        assert_eq!(moved.count(), 0);
        assert_eq!(bench.store.count(Relation::LegitPayments).await.unwrap(), 0);
    })
    .await;
}

#[tokio::test]
async fn a_batch_that_moves_no_position_is_refused() {
    on_every_database(|bench| async move {
        let unfenced = Batch {
            advances: Vec::new(),
            ..storing(
                Claim {
                    epoch: 1,
                    next_offset: None,
                },
                1,
                payments([0]),
            )
        };
        assert_eq!(
            bench.store.commit(&unfenced).await.unwrap_err().fate(),
            Fate::Stop
        );
        assert_eq!(bench.store.count(Relation::LegitPayments).await.unwrap(), 0);
    })
    .await;
}

#[tokio::test]
async fn a_batch_of_any_size_and_order_is_stored_whole() {
    on_every_database(|bench| async move {
        let mut claim = bench.store.claim(SINK, &partition(), "a").await.unwrap();
        let mut from = 0;
        for rows in [1, 2, 3, 511, 512, 513, 1_000, 1_025] {
            let to = from + rows;
            let batch = storing(claim, to, payments((from..to).rev()));
            assert_eq!(
                bench.store.commit(&batch).await.unwrap(),
                stored(rows as u64)
            );
            claim.next_offset = Some(to);
            from = to;
        }
        assert_eq!(
            bench.store.count(Relation::LegitPayments).await.unwrap(),
            from as u64
        );
    })
    .await;
}

#[tokio::test]
async fn payloads_of_a_megabyte_are_stored_in_pieces_that_the_server_takes() {
    on_every_database(|bench| async move {
        let claim = bench.store.claim(SINK, &partition(), "a").await.unwrap();
        let mut rows = payments(0..20);
        for row in &mut rows {
            row.payload = vec![b'x'; 1_048_588];
        }
        assert_eq!(
            bench.store.commit(&storing(claim, 20, rows)).await.unwrap(),
            stored(20)
        );
        let bytes = bench
            .text("SELECT CAST(SUM(LENGTH(payload)) AS CHAR) FROM legit_payments")
            .await;
        assert_eq!(bytes.as_deref(), Some("20971760"));
    })
    .await;
}

#[tokio::test]
async fn every_column_comes_back_as_it_went_in() {
    on_every_database(|bench| async move {
        let claim = bench.store.claim("fraud-processor", &partition(), "a").await.unwrap();
        let mut row = payment(3);
        row.rules = Some("bitcoin,stranger-bitcoin".into());
        row.state = store::State::Alert;
        let bare = store::PaymentRow {
            id: None,
            account: None,
            currency: None,
            country: None,
            rules: None,
            decided_at: None,
            payload: b"\x00\xff".to_vec(),
            ..payment(4)
        };
        let batch = Batch { sink: "fraud-processor".into(), table: Table::Fraud, ..storing(claim, 9, vec![row, bare]) };
        assert_eq!(bench.store.commit(&batch).await.unwrap(), stored(2));
        let join = |columns: &[&str]| {
            let texts: Vec<String> = columns.iter().map(|column| format!("COALESCE(CAST({column} AS CHAR), '-')")).collect();
            match bench.url.starts_with("mysql:") {
                true => format!("CONCAT_WS('|', {})", texts.join(", ")),
                false => texts.join(" || '|' || "),
            }
        };
        let all = join(&[
            "source_topic_id", "source_topic", "source_partition", "source_offset", "id", "account", "payment_type",
            "amount_hundredths", "currency", "country", "who", "business_date", "business_time", "event_time", "rules",
            "state", "decided_at", "HEX(payload)",
        ]);
        let row = |offset: i64| format!("SELECT {all} FROM fraud_payments WHERE source_offset = {offset}");
        assert_eq!(
            bench.text(&row(3)).await.unwrap(),
            "AAAAAAAAAAAAAAAAAAAAAA|payments|0|3|0190-3|KR-1|VISA|5700|KRW|KR|엄마 🍜 \"'\\|2022-01-28|14:03:07|\
             1643346187000|bitcoin,stranger-bitcoin|alert|1643346187050|7B22414D4F554E54223A2035372C20226E223A20337D"
        );
        assert_eq!(
            bench.text(&row(4)).await.unwrap(),
            "AAAAAAAAAAAAAAAAAAAAAA|payments|0|4|-|-|VISA|5700|-|-|엄마 🍜 \"'\\|2022-01-28|14:03:07|1643346187000|-|\
             alert|-|00FF".replace("alert", "visa")
        );
        let age = bench.text("SELECT CAST(MIN(stored_at) AS CHAR) FROM fraud_payments").await.unwrap();
        assert_eq!(age.len(), 13, "stored_at is milliseconds, not {age}");
    })
    .await;
}

#[tokio::test]
async fn a_commit_that_its_caller_gives_up_leaves_no_half_of_it_and_no_lock() {
    on_every_database(|bench| async move {
        for micros in [0, 300, 1_000, 3_000, 10_000] {
            let claim = bench.store.claim(SINK, &partition(), "a").await.unwrap();
            let from = claim.next_offset.unwrap_or_default();
            let batch = storing(claim, from + 1_000, payments(from..from + 1_000));
            let _ = tokio::time::timeout(Duration::from_micros(micros), bench.store.commit(&batch))
                .await;
            let after = loop {
                match bench.store.claim(SINK, &partition(), "a").await {
                    Ok(claim) => break claim.next_offset.unwrap_or_default(),
                    Err(error) => assert_eq!(error.fate(), Fate::Again, "{error}"),
                }
            };
            assert_eq!(
                bench.store.count(Relation::LegitPayments).await.unwrap(),
                after as u64,
                "{micros} µs"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn whatever_cannot_be_stored_takes_position_and_rows_with_it() {
    on_every_database(|bench| async move {
        let claim = bench.store.claim(SINK, &partition(), "a").await.unwrap();
        let batch = Batch {
            alerts: vec![alert(0, 0)],
            dead_letters: vec![dead_letter(9)],
            ..storing(claim, 10, payments(0..3))
        };
        for missing in ["legit_payments", "alerts", "dead_letters"] {
            let rename = |from: &str, to: &str| format!("ALTER TABLE {from} RENAME TO {to}");
            bench.sql(&rename(missing, "elsewhere")).await;
            assert!(bench.store.commit(&batch).await.is_err(), "{missing}");
            bench.sql(&rename("elsewhere", missing)).await;
            let position = bench.store.positions(SINK).await.unwrap().remove(0);
            assert_eq!(position.next_offset, None, "{missing}");
            for relation in Relation::ALL {
                let count = bench.store.count(*relation).await.unwrap();
                assert_eq!(count, 0, "{relation} without {missing}");
            }
        }
        assert_eq!(bench.store.commit(&batch).await.unwrap(), stored(3));
    })
    .await;
}

#[tokio::test]
async fn sinks_of_different_partitions_commit_beside_each_other() {
    on_every_database(|bench| async move {
        let mut sinks = tokio::task::JoinSet::new();
        for number in 0..4 {
            let store = bench.replica().await;
            sinks.spawn(async move {
                let partition = partition_number(number);
                let mut claim = again(|| store.claim(SINK, &partition, "a")).await;
                for round in 0..5 {
                    let rows = (round * 50..round * 50 + 50).map(|offset| store::PaymentRow {
                        key: crate::rows::source(number, offset),
                        ..payment(offset)
                    });
                    let mut batch = storing(claim, round + 1, rows.collect());
                    batch.advances[0].partition = partition.clone();
                    assert_eq!(again(|| store.commit(&batch)).await, stored(50));
                    claim.next_offset = Some(round + 1);
                }
            });
        }
        sinks.join_all().await;
        assert_eq!(
            bench.store.count(Relation::LegitPayments).await.unwrap(),
            1_000
        );
    })
    .await;
}

/// Repeats a call for as long as the database asks for it.
async fn again<T, F: Future<Output = Result<T, store::StoreError>>>(call: impl Fn() -> F) -> T {
    loop {
        match call().await {
            Ok(value) => return value,
            Err(error) => assert_eq!(error.fate(), Fate::Again, "{error}"),
        }
    }
}
