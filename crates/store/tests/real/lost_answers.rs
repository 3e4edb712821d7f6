//! COMMITs whose answer does not come.

use std::time::{Duration, Instant};

use store::testing::{Proxy, Spoil};
use store::{Claim, Committed, Database, Fate, Relation, Store};

use crate::bench::{Bench, config, on_mysql};
use crate::rows::{SINK, partition, payments, stored, storing};
use crate::server;

/// A store whose connections go through a proxy.
async fn through_proxy(bench: &Bench) -> (Proxy, Store) {
    let proxy = Proxy::before(&bench.url);
    let store = Store::connect(&config(&[("DATABASE_URL", proxy.url())])).await;
    (proxy, store.unwrap())
}

/// Commits three rows while their COMMIT is spoiled.
async fn commit_spoiled(
    bench: &Bench,
    spoil: Spoil,
    away: Duration,
) -> Result<Committed, store::StoreError> {
    let (proxy, store) = through_proxy(bench).await;
    let claim = store.claim(SINK, &partition(), "a").await.unwrap();
    proxy.spoil(spoil, away);
    let outcome = store.commit(&storing(claim, 3, payments(0..3))).await;
    assert!(proxy.spoiled());
    outcome
}

async fn assert_not_stored(bench: &Bench, outcome: Result<Committed, store::StoreError>) {
    assert_eq!(outcome.unwrap_err().fate(), Fate::Again);
    assert_eq!(bench.store.count(Relation::LegitPayments).await.unwrap(), 0);
    let position = bench.store.positions(SINK).await.unwrap().remove(0);
    assert_eq!(position.next_offset, None);
    let claim = Claim {
        epoch: position.epoch,
        next_offset: None,
    };
    assert_eq!(
        bench
            .store
            .commit(&storing(claim, 3, payments(0..3)))
            .await
            .unwrap(),
        stored(3)
    );
}

async fn assert_stored(bench: &Bench, outcome: Result<Committed, store::StoreError>) {
    assert_eq!(outcome.unwrap(), stored(3));
    assert_eq!(bench.store.count(Relation::LegitPayments).await.unwrap(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_never_reached_the_server_is_reported_as_not_stored() {
    on_mysql(&server(), |bench| async move {
        let outcome = commit_spoiled(&bench, Spoil::BeforeTheServer, Duration::ZERO).await;
        assert_not_stored(&bench, outcome).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_answer_got_lost_is_reported_as_stored() {
    on_mysql(&server(), |bench| async move {
        let outcome = commit_spoiled(&bench, Spoil::AfterTheServer, Duration::ZERO).await;
        assert_stored(&bench, outcome).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_question_is_kept_while_the_database_is_away() {
    on_mysql(&server(), |bench| async move {
        let away = Duration::from_secs(8);
        let started = Instant::now();
        let outcome = commit_spoiled(&bench, Spoil::AfterTheServer, away).await;
        assert!(started.elapsed() >= away);
        assert_stored(&bench, outcome).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_still_on_its_way_is_waited_for() {
    on_mysql(&server(), |bench| async move {
        let delay = Duration::from_secs(3);
        let started = Instant::now();
        let outcome = commit_spoiled(&bench, Spoil::Late(delay), Duration::ZERO).await;
        assert!(
            started.elapsed() >= delay,
            "the old session still held its locks"
        );
        assert_stored(&bench, outcome).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_was_cut_off_loses_its_locks_within_ten_seconds() {
    on_mysql(&server(), |bench| async move {
        let started = Instant::now();
        let outcome = commit_spoiled(&bench, Spoil::Never, Duration::ZERO).await;
        let took = started.elapsed();
        assert!(
            (Duration::from_secs(8)..Duration::from_secs(20)).contains(&took),
            "{took:?}"
        );
        assert_not_stored(&bench, outcome).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_does_not_come_is_not_waited_for_without_end() {
    on_mysql(&server(), |bench| async move {
        let started = Instant::now();
        let outcome = commit_spoiled(&bench, Spoil::Silence, Duration::ZERO).await;
        assert!(
            started.elapsed() < Duration::from_secs(30),
            "{:?}",
            started.elapsed()
        );
        assert_not_stored(&bench, outcome).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_taken_while_the_answer_was_lost_is_let_go() {
    on_mysql(&server(), |bench| async move {
        let (proxy, store) = through_proxy(&bench).await;
        let claim = store.claim(SINK, &partition(), "a").await.unwrap();
        proxy.spoil(Spoil::AfterTheServer, Duration::from_secs(4));
        let batch = storing(claim, 3, payments(0..3));
        let commit = tokio::spawn(async move { store.commit(&batch).await });
        let end = Instant::now() + Duration::from_secs(20);
        while !proxy.spoiled() {
            assert!(Instant::now() < end, "no COMMIT came by");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let taken = bench.store.claim(SINK, &partition(), "b").await.unwrap();
        assert_eq!(
            commit.await.unwrap().unwrap(),
            Committed::Fenced {
                partitions: vec![partition()]
            }
        );
        assert_eq!(
            taken.next_offset,
            Some(3),
            "the new owner knows what the old one stored"
        );
        assert_eq!(bench.store.count(Relation::LegitPayments).await.unwrap(), 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_question_can_be_given_up() {
    on_mysql(&server(), |bench| async move {
        let (proxy, store) = through_proxy(&bench).await;
        let claim = store.claim(SINK, &partition(), "a").await.unwrap();
        proxy.spoil(Spoil::AfterTheServer, Duration::from_secs(600));
        let batch = storing(claim, 3, payments(0..3));
        let gave_up = tokio::time::timeout(Duration::from_secs(2), store.commit(&batch)).await;
        assert!(gave_up.is_err() && proxy.spoiled());
        let next = bench.store.claim(SINK, &partition(), "b").await.unwrap();
        assert_eq!(next.next_offset, Some(3));
    })
    .await;
}
