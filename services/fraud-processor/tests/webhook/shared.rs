//! Several dispatchers over one database.

use std::collections::BTreeSet;
use std::time::Duration;

use fraud_processor::dispatcher::Options;
use service::clock;

use crate::bench::{Bench, until};
use crate::receiver::{Answer, Receiver, status};

#[tokio::test]
async fn two_dispatchers_share_the_alerts_and_each_is_posted_once() {
    let bench = Bench::new().await;
    let receiver = Receiver::new(|_, _| status(200)).await;
    bench.raise(200).await;
    let url = receiver.url();
    let (mut one, mut other) = (
        bench.dispatch(&[("ALERT_WEBHOOK_URL", &url)]),
        bench.dispatch(&[("ALERT_WEBHOOK_URL", &url)]),
    );
    bench.wait_for("delivered", 200).await;
    one.end().await;
    other.end().await;
    let keys = receiver.keys();
    assert_eq!(keys.len(), 200);
    assert_eq!(keys.into_iter().collect::<BTreeSet<_>>().len(), 200);
    let shares = [one.alerts("delivered"), other.alerts("delivered")];
    assert_eq!(shares[0] + shares[1], 200.0);
    assert!(shares.iter().all(|share| *share > 0.0), "{shares:?}");
}

#[tokio::test]
async fn the_alerts_of_a_dispatcher_that_died_are_taken_over_when_its_leases_end() {
    let bench = Bench::new().await;
    // The first sixteen requests are those of the one that dies.
    let receiver = Receiver::new(|number, _| match number {
        0..16 => Answer::Silence,
        _ => status(200),
    })
    .await;
    bench.raise(20).await;
    let url = receiver.url();
    let doomed = bench.dispatch_with(&[("ALERT_WEBHOOK_URL", &url)], |options| {
        options.lease = Duration::from_secs(600);
    });
    until("sixteen are under way", async || {
        receiver.seen().len() == 16
    })
    .await;
    drop(doomed);
    // Its own clock is a day ahead, which is nobody's business: leases end by the database's.
    let mut heir = bench.dispatch_with(&[("ALERT_WEBHOOK_URL", &url)], |options| {
        options.now_ms = || clock::now_ms() + 86_400_000;
    });
    bench.wait_for("delivered", 4).await;
    assert_eq!(receiver.seen().len(), 20, "leased alerts are left alone");
    bench
        .database
        .sql("UPDATE alerts SET lease_until = lease_until - 600000 WHERE state = 'pending'")
        .await;
    bench.wait_for("delivered", 20).await;
    heir.end().await;
    let keys = receiver.keys();
    assert_eq!(keys.len(), 36);
    let (lost, taken) = keys.split_at(16);
    let taken: BTreeSet<_> = taken.iter().collect();
    assert_eq!(taken.len(), 20);
    assert!(lost.iter().all(|key| taken.contains(key)));
    assert_eq!(heir.alerts("delivered"), 20.0);
}

#[tokio::test]
async fn a_delivery_whose_lease_ran_out_is_noted_all_the_same_and_counted_once() {
    let bench = Bench::new().await;
    let receiver = Receiver::new(|_, _| status(200)).await;
    bench.raise(1).await;
    let url = receiver.url();
    // Leases that end before the answer is there: the worst that a stalled process can do.
    let no_lease = |options: &mut Options| {
        options.lease = Duration::ZERO;
    };
    let (mut one, mut other) = (
        bench.dispatch_with(&[("ALERT_WEBHOOK_URL", &url)], no_lease),
        bench.dispatch_with(&[("ALERT_WEBHOOK_URL", &url)], no_lease),
    );
    bench.wait_for("delivered", 1).await;
    one.end().await;
    other.end().await;
    let keys: BTreeSet<_> = receiver.keys().into_iter().collect();
    assert_eq!(keys.len(), 1, "at least once, and always the same key");
    assert_eq!(one.alerts("delivered") + other.alerts("delivered"), 1.0);
}
