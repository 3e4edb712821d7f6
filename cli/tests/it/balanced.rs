//! Books that are even, whatever is still on its way.

use store::{RowKey, Table};

use crate::support::pipeline::{Output, Pipeline};

#[tokio::test]
async fn before_the_first_payment_the_books_are_even() {
    let pipeline = Pipeline::any().await;
    assert_eq!(pipeline.assert_even([0, 0, 0, 0]).await.produced, 0);
}

#[tokio::test]
async fn what_nobody_decided_is_in_flight() {
    let mut pipeline = Pipeline::any().await;
    pipeline.produce(10);
    assert_eq!(pipeline.assert_even([0, 0, 0, 10]).await.to_decide, 10);
}

#[tokio::test]
async fn what_no_processor_stored_yet_is_in_flight() {
    let mut pipeline = Pipeline::any().await;
    pipeline.produce(10);
    pipeline.decide(Output::Fraud, 0..4);
    pipeline.decide(Output::Legit, 4..10);
    pipeline.commit_all();
    pipeline.store(Table::Fraud, 0..3, 3).await;
    let totals = pipeline.assert_even([3, 0, 0, 7]).await;
    assert_eq!((totals.to_decide, totals.to_store), (0, 7));
}

#[tokio::test]
async fn when_everything_rests_nothing_is_in_flight() {
    let mut pipeline = Pipeline::any().await;
    pipeline.produce(2_000);
    pipeline.decide(Output::Fraud, (0..2_000).filter(|number| number % 3 == 0));
    pipeline.decide(Output::Legit, (0..1_990).filter(|number| number % 3 != 0));
    pipeline.decide(
        Output::Dead,
        (1_990..2_000).filter(|number| number % 3 != 0),
    );
    pipeline.commit_all();
    let (fraud, legit): (Vec<i64>, Vec<i64>) = (0..1_990).partition(|number| number % 3 == 0);
    pipeline
        .store(
            Table::Fraud,
            fraud
                .into_iter()
                .chain((1_990..2_000).filter(|number| number % 3 == 0)),
            667,
        )
        .await;
    // The last legitimate one could not be stored.
    let (last, rest) = legit.split_last().unwrap();
    let keys: Vec<RowKey> = rest.iter().map(|number| pipeline.key(*number)).collect();
    pipeline
        .store_keys(Table::Legit, &keys, &[pipeline.key(*last)], 1_326)
        .await;
    assert_eq!(
        pipeline.assert_even([667, 1_325, 8, 0]).await.produced,
        2_000
    );
}

#[tokio::test]
async fn foreign_records_are_counted_and_found_under_their_own_place() {
    let mut pipeline = Pipeline::any().await;
    pipeline.produce(4);
    pipeline.decide(Output::Legit, 0..4);
    pipeline.write_foreign(Output::Legit, 2);
    pipeline.write_foreign(Output::Fraud, 1);
    pipeline.commit_all();
    let topic = pipeline.topic(Output::Legit);
    let foreign = |offset| RowKey {
        topic_id: pipeline.ids[topic].as_str().into(),
        topic: topic.into(),
        partition: 0,
        offset,
    };
    let mut keys: Vec<RowKey> = (0..4).map(|number| pipeline.key(number)).collect();
    keys.push(foreign(4));
    pipeline
        .store_keys(Table::Legit, &keys, &[foreign(5)], 6)
        .await;
    // The one on the other output waits for its processor.
    assert_eq!(pipeline.assert_even([0, 4, 0, 0]).await.foreign, 3);
}

#[tokio::test]
async fn a_position_in_an_earlier_topic_of_the_name_decides_nothing() {
    let mut pipeline = Pipeline::any().await;
    pipeline.produce(4);
    pipeline.commit_beside(&[(0, 2), (1, 2)], "an-earlier-id");
    assert_eq!(pipeline.assert_even([0, 0, 0, 4]).await.to_decide, 4);
}
