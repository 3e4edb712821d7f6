//! A connection that breaks at every word in turn, before and after the server heard it.

use std::time::{Duration, Instant};

use store::testing::{Proxy, Spoil};
use store::{
    Alert, Batch, Claim, Committed, Database, DeadLetterRow, Fate, Mark, Relation, Store,
    StoreError,
};

use crate::bench::{Bench, config, on_mysql};
use crate::rows::{SINK, alert, partition, payments, source, stored, storing};
use crate::server;

/// Both sides of each word.
const SPOILS: [Spoil; 2] = [Spoil::BeforeTheServer, Spoil::AfterTheServer];

/// A call says a handful of words; a loop that sees more than this has lost its way.
const MANY: usize = 100;

/// The database, and a store whose connections break.
struct Broken {
    bench: Bench,
    proxy: Proxy,
    store: Store,
}

impl Broken {
    async fn new(bench: Bench) -> Self {
        let proxy = Proxy::before(&bench.url);
        let store = Store::connect(&config(&[("DATABASE_URL", proxy.url())]))
            .await
            .unwrap();
        Self {
            bench,
            proxy,
            store,
        }
    }

    /// One call, whose word of this number is spoiled. `None` once it says fewer words than that.
    async fn call<T>(
        &self,
        word: usize,
        spoil: Spoil,
        call: impl Future<Output = Result<T, StoreError>>,
    ) -> Option<Result<T, StoreError>> {
        assert!(word < MANY, "a call without end");
        // A connection that is open already: words that open one are not what this is about.
        self.store.ping().await.unwrap();
        self.proxy.spoil_word(word, spoil);
        let outcome = call.await;
        self.proxy.relent();
        if let Err(error) = &outcome {
            assert_eq!(error.fate(), Fate::Again, "word {word}, {spoil:?}: {error}");
        }
        self.proxy.spoiled().then_some(outcome)
    }

    /// A claim that goes past the proxy.
    async fn claim(&self, owner: &str) -> Claim {
        let store = &self.bench.store;
        store.claim(SINK, &partition(), owner).await.unwrap()
    }

    /// A batch that goes past the proxy.
    async fn commit(&self, batch: &Batch) -> Committed {
        self.bench.store.commit(batch).await.unwrap()
    }

    async fn count(&self, relation: Relation) -> u64 {
        self.bench.store.count(relation).await.unwrap()
    }
}

/// Leases until there is something: rows are passed over for as long as the session that was cut off holds them.
async fn until_leased<F>(lease: impl Fn() -> F) -> usize
where
    F: Future<Output = Result<Vec<Alert>, StoreError>>,
{
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let leased = lease().await.unwrap();
        if !leased.is_empty() || Instant::now() > end {
            return leased.len();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Three payments, an alert and a dead letter, all of them new.
fn batch(claim: Claim) -> Batch {
    let from = claim.next_offset.unwrap_or_default();
    Batch {
        alerts: vec![alert(from, 1)],
        dead_letters: vec![DeadLetterRow {
            key: source(0, from + 3),
            place: source(0, from + 3),
            reason: "malformed".into(),
            error: "no JSON".into(),
            record_key: None,
            payload: Some(b"?".to_vec()),
        }],
        ..storing(claim, from + 4, payments(from..from + 3))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_breaks_anywhere_is_there_as_a_whole_or_not_at_all() {
    on_mysql(&server(), |bench| async move {
        let broken = Broken::new(bench).await;
        let mut batches = 0;
        for spoil in SPOILS {
            let mut word = 0;
            loop {
                let claim = broken.claim("a").await;
                let batch = batch(claim);
                let outcome = broken.call(word, spoil, broken.store.commit(&batch)).await;
                let there = broken.count(Relation::LegitPayments).await == (batches + 1) * 3;
                match &outcome {
                    Some(Err(_)) => {
                        assert!(!there, "word {word}, {spoil:?}: stored, and said not to be");
                        let again = broken.commit(&batch).await;
                        assert_eq!(again, stored(3), "word {word}, {spoil:?}");
                    }
                    Some(Ok(committed)) => assert_eq!(
                        (committed, there),
                        (&stored(3), true),
                        "word {word}, {spoil:?}"
                    ),
                    None => assert!(there),
                }
                batches += 1;
                let position = broken.bench.store.positions(SINK).await.unwrap().remove(0);
                assert_eq!(position.next_offset, batch.advances[0].to.into());
                assert_eq!(
                    [
                        broken.count(Relation::LegitPayments).await,
                        broken.count(Relation::Alerts).await,
                        broken.count(Relation::DeadLetters).await
                    ],
                    [batches * 3, batches, batches],
                    "word {word}, {spoil:?}"
                );
                if outcome.is_none() {
                    break;
                }
                word += 1;
            }
            // BEGIN, the position for update, rows, alerts, dead letters, the new position, COMMIT.
            assert!(word >= 7, "only {word} words were spoiled");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_that_breaks_anywhere_can_be_made_again_and_fences_the_one_before() {
    on_mysql(&server(), |bench| async move {
        let broken = Broken::new(bench).await;
        for spoil in SPOILS {
            let mut word = 0;
            loop {
                let moved = partition();
                let before = broken.claim("a").await;
                let outcome = broken
                    .call(word, spoil, broken.store.claim(SINK, &moved, "b"))
                    .await;
                let claim = match outcome.as_ref() {
                    Some(Ok(claim)) => *claim,
                    _ => broken.store.claim(SINK, &partition(), "b").await.unwrap(),
                };
                assert!(claim.epoch > before.epoch, "word {word}, {spoil:?}");
                assert_eq!(
                    broken.commit(&batch(before)).await,
                    Committed::Fenced {
                        partitions: vec![partition()]
                    },
                    "word {word}, {spoil:?}"
                );
                assert_eq!(
                    broken.commit(&batch(claim)).await,
                    stored(3),
                    "word {word}, {spoil:?}"
                );
                if outcome.is_none() {
                    break;
                }
                word += 1;
            }
            // BEGIN, the row, its epoch and position, COMMIT.
            assert!(word >= 4, "only {word} words were spoiled");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_breaks_anywhere_ends_by_itself_and_no_alert_is_forgotten() {
    const LEASE: Duration = Duration::from_secs(60);
    on_mysql(&server(), |bench| async move {
        let broken = Broken::new(bench).await;
        let claim = broken.claim("a").await;
        let _ = broken.commit(&batch(claim)).await;
        let (lease_ms, mut now) = (LEASE.as_millis() as i64, 1_000);
        for spoil in SPOILS {
            let mut word = 0;
            loop {
                let outcome = broken
                    .call(
                        word,
                        spoil,
                        broken.store.lease_alerts("a", 10, lease_ms, now),
                    )
                    .await;
                if let Some(Ok(leased)) = &outcome {
                    assert_eq!(leased.len(), 1, "word {word}, {spoil:?}");
                }
                // Whoever comes when the lease ends finds it, if it was taken at all.
                now += lease_ms;
                let heir = &broken.bench.store;
                let found = until_leased(|| heir.lease_alerts("b", 10, lease_ms, now)).await;
                assert_eq!(found, 1, "word {word}, {spoil:?}");
                now += lease_ms;
                if outcome.is_none() {
                    break;
                }
                word += 1;
            }
            assert!(word >= 4, "only {word} words were spoiled");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn marks_that_break_anywhere_are_there_as_a_whole_or_not_at_all() {
    on_mysql(&server(), |bench| async move {
        let broken = Broken::new(bench).await;
        for spoil in SPOILS {
            let mut word = 0;
            loop {
                let claim = broken.claim("a").await;
                let from = claim.next_offset.unwrap_or_default();
                let three = Batch {
                    alerts: (from..from + 3).map(|offset| alert(offset, 1)).collect(),
                    ..storing(claim, from + 3, Vec::new())
                };
                let _ = broken.commit(&three).await;
                let heir = &broken.bench.store;
                let leased = heir.lease_alerts("a", 3, 60_000, 1_000).await.unwrap();
                let marks: Vec<_> = leased
                    .iter()
                    .zip([
                        Mark::Delivered,
                        Mark::Failed { why: "404" },
                        Mark::Delivered,
                    ])
                    .collect();
                assert_eq!(marks.len(), 3);
                let outcome = broken
                    .call(word, spoil, broken.store.mark_alerts(&marks))
                    .await;
                // Whether it is news tells whether it had happened, and either way it has now.
                let again = heir.mark_alerts(&marks).await.unwrap();
                match &outcome {
                    Some(Err(_)) => assert!(
                        again == [true; 3] || again == [false; 3],
                        "word {word}, {spoil:?}: {again:?}"
                    ),
                    Some(Ok(news)) => assert_eq!(
                        (news, again),
                        (&vec![true; 3], vec![false; 3]),
                        "word {word}, {spoil:?}"
                    ),
                    None => {}
                }
                assert_eq!(
                    heir.pending_alerts(10).await.unwrap(),
                    0,
                    "word {word}, {spoil:?}"
                );
                if outcome.is_none() {
                    break;
                }
                word += 1;
            }
            // BEGIN, the rows for update, one that failed, two that were delivered, COMMIT.
            assert!(word >= 5, "only {word} words were spoiled");
        }
    })
    .await;
}
