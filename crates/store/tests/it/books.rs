//! What an audit reads.

use store::{Database, PaymentRow, Relation, RowKey};

use crate::bench::Bench;
use crate::databases::on_every_database;
use crate::rows::{SINK, partition, partition_number, payment, source, stored, storing};

async fn keys(bench: &Bench, relation: Relation) -> Vec<RowKey> {
    let mut stored = bench.store.stored_keys(relation);
    let mut keys = Vec::new();
    while let Some(key) = stored.next().await.unwrap() {
        keys.push(key);
    }
    assert_eq!(stored.next().await.unwrap(), None, "the end is the end");
    keys
}

#[tokio::test]
async fn keys_come_in_order_over_pages_partitions_and_topics() {
    on_every_database(|bench| async move {
        let mut expected: Vec<RowKey> = (0..20_001).map(|offset| source(0, offset)).collect();
        expected.extend((0..10_000).map(|offset| source(1, offset * 3)));
        expected.push(source(7, i64::MAX));
        for (topic_id, topic) in [("B", "payments"), ("B", "Payments"), ("b", "a"), ("", "z")] {
            let key = RowKey {
                topic_id: topic_id.into(),
                topic: topic.into(),
                ..source(3, 1)
            };
            expected.push(RowKey {
                partition: 4,
                offset: 0,
                ..key.clone()
            });
            expected.push(key);
        }
        let mut claim = bench.store.claim(SINK, &partition(), "a").await.unwrap();
        for (round, keys) in expected.chunks(5_000).enumerate() {
            let rows = keys
                .iter()
                .map(|key| PaymentRow {
                    key: key.clone(),
                    ..payment(0)
                })
                .collect();
            let to = round as i64 + 1;
            assert_eq!(
                bench.store.commit(&storing(claim, to, rows)).await.unwrap(),
                stored(keys.len() as u64)
            );
            claim.next_offset = Some(to);
        }
        expected.sort();
        assert!(keys(&bench, Relation::LegitPayments).await == expected);
        assert_eq!(
            bench.store.count(Relation::LegitPayments).await.unwrap(),
            expected.len() as u64
        );
    })
    .await;
}

#[tokio::test]
async fn an_empty_relation_has_no_keys() {
    on_every_database(|bench| async move {
        for relation in Relation::ALL {
            assert_eq!(keys(&bench, *relation).await, [], "{relation}");
            assert_eq!(bench.store.count(*relation).await.unwrap(), 0);
        }
    })
    .await;
}

#[tokio::test]
async fn positions_are_those_of_one_sink() {
    on_every_database(|bench| async move {
        for number in [3, 1] {
            bench
                .store
                .claim(SINK, &partition_number(number), "a")
                .await
                .unwrap();
        }
        bench
            .store
            .claim("another", &partition(), "a")
            .await
            .unwrap();
        let claim = bench.store.claim(SINK, &partition(), "me").await.unwrap();
        assert_eq!(
            bench
                .store
                .commit(&storing(claim, 41, vec![payment(0)]))
                .await
                .unwrap(),
            stored(1)
        );
        let positions = bench.store.positions(SINK).await.unwrap();
        let numbers: Vec<i32> = positions
            .iter()
            .map(|position| position.partition.partition)
            .collect();
        assert_eq!(numbers, [0, 1, 3]);
        let first = &positions[0];
        assert_eq!(first.partition, partition());
        assert_eq!((first.next_offset, first.epoch), (Some(41), 1));
        assert_eq!(
            (first.owner.as_str(), first.cluster_id.as_str()),
            ("me", "cluster")
        );
        assert_eq!(
            (positions[1].next_offset, positions[1].cluster_id.as_str()),
            (None, "")
        );
    })
    .await;
}
