//! Taking partitions.

use store::{Claim, Database, Partition};

use crate::databases::on_every_database;
use crate::rows::{SINK, moving, partition, payments, stored, storing};

#[tokio::test]
async fn a_first_claim_finds_no_position_and_every_claim_raises_the_epoch() {
    on_every_database(|bench| async move {
        let first = bench.store.claim(SINK, &partition(), "a").await.unwrap();
        assert_eq!(
            first,
            Claim {
                epoch: 1,
                next_offset: None
            }
        );
        let second = bench
            .replica()
            .await
            .claim(SINK, &partition(), "b")
            .await
            .unwrap();
        assert_eq!(
            second,
            Claim {
                epoch: 2,
                next_offset: None
            }
        );
        let position = bench.store.positions(SINK).await.unwrap().remove(0);
        assert_eq!((position.owner.as_str(), position.epoch), ("b", 2));
        assert!(
            position.updated_at > 1_600_000_000_000,
            "milliseconds, not {}",
            position.updated_at
        );
    })
    .await;
}

#[tokio::test]
async fn a_claim_finds_the_position_of_the_last_batch() {
    on_every_database(|bench| async move {
        let claim = bench.store.claim(SINK, &partition(), "a").await.unwrap();
        let batch = storing(claim, 40, payments(0..3));
        assert_eq!(bench.store.commit(&batch).await.unwrap(), stored(3));
        let next = bench.store.claim(SINK, &partition(), "a").await.unwrap();
        assert_eq!(
            next,
            Claim {
                epoch: 2,
                next_offset: Some(40)
            }
        );
    })
    .await;
}

#[tokio::test]
async fn names_are_told_apart_byte_by_byte() {
    on_every_database(|bench| async move {
        let named = |topic: &str, topic_id: &str| Partition {
            topic: topic.into(),
            topic_id: topic_id.into(),
            partition: 0,
        };
        let partitions = [
            named("topic", "id"),
            named("Topic", "id"),
            named("topic ", "id"),
            named("tópic", "id"),
            named("topic", "ID"),
        ];
        for partition in &partitions {
            let claim = bench.store.claim(SINK, partition, "a").await.unwrap();
            assert_eq!(claim.epoch, 1, "{partition:?}");
        }
        let other_sink = bench
            .store
            .claim("Legit-processor", &partitions[0], "a")
            .await
            .unwrap();
        assert_eq!(other_sink.epoch, 1);
    })
    .await;
}

#[tokio::test]
async fn claims_made_at_once_get_epochs_of_their_own() {
    on_every_database(|bench| async move {
        let mut claims = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let store = bench.store.clone();
            claims.spawn(async move {
                loop {
                    match store.claim(SINK, &partition(), "a").await {
                        Ok(claim) => return claim.epoch,
                        Err(error) => assert_eq!(error.fate(), store::Fate::Again, "{error}"),
                    }
                }
            });
        }
        let mut epochs = claims.join_all().await;
        epochs.sort_unstable();
        epochs.dedup();
        assert_eq!(epochs.len(), 8);
    })
    .await;
}

#[tokio::test]
async fn a_position_may_be_confirmed_without_moving() {
    on_every_database(|bench| async move {
        let claim = bench.store.claim(SINK, &partition(), "a").await.unwrap();
        assert_eq!(
            bench.store.commit(&moving(claim, 7)).await.unwrap(),
            stored(0)
        );
        let still = Claim {
            next_offset: Some(7),
            ..claim
        };
        assert_eq!(
            bench.store.commit(&moving(still, 7)).await.unwrap(),
            stored(0)
        );
    })
    .await;
}
