//! SIGSTOP: a process that sleeps longer than its session, and wakes with a batch on its way.

use std::time::Duration;

use service::testing::{Observed as _, until};
use sink::testing::check;
use store::testing::{Hold, Proxy};

use crate::support::child;
use crate::{STORED, bench};

/// Puts a processor to sleep that has said this word of a transaction, and wakes it when somebody else has claimed its partitions and
/// has stored nothing yet. `asleep` is what the network does meanwhile.
fn check_zombie(said: Hold, asleep: impl FnOnce(&Proxy)) {
    let bench = bench(3);
    let proxy = Proxy::before(bench.database.url());
    let load = bench.load(0);
    let sleeper = child(&bench, &[("DATABASE_URL", proxy.url())]);
    sleeper.wait_for_metric(STORED, |count| count > 300.0);
    proxy.hold(said);
    until(|| match proxy.held() {
        0 => Err("no batch is on its way".to_owned()),
        held => Ok(held),
    });
    sleeper.signal("STOP");
    let sent = load.stop();
    asleep(&proxy);

    // One that waits so long with its batch that nothing but its claim can be in the zombie's way.
    let patient = [
        ("SINK_BATCH_RECORDS", "100000"),
        ("SINK_BATCH_INTERVAL_MS", "5000"),
    ];
    let other = child(&bench, &patient);
    until(|| {
        let epochs = [0, 1, 2].map(|partition| bench.epoch(partition));
        match epochs.iter().all(|epoch| *epoch > 1) {
            true => Ok(()),
            false => Err(format!("nobody took the partitions: epochs {epochs:?}")),
        }
    });
    proxy.release();
    sleeper.signal("CONT");
    sleeper.wait_for_metric("batches_fenced_total", |count| count > 0.0);
    sleeper.wait_for_log("partitions lost");
    check(&bench, sent);
    assert_eq!(other.metric("batches_fenced_total"), 0.0);

    // It comes back as a member, and both go on.
    let load = bench.load(sent);
    let stored = sleeper.metric(STORED);
    sleeper.wait_for_metric(STORED, |count| count > stored);
    let sent = load.stop();
    check(&bench, sent);
    sleeper.stop();
    other.stop();
    check(&bench, sent);
}

#[test]
fn a_zombie_that_wakes_with_a_batch_on_its_way_is_fenced_by_the_epoch() {
    check_zombie(Hold::Begin, |_| {});
}

#[test]
fn a_zombie_whose_batch_was_committed_without_its_knowledge_is_fenced_too() {
    check_zombie(Hold::Commit, |proxy| {
        proxy.cut();
        proxy.release();
    });
}

#[test]
fn one_that_sleeps_alone_goes_on_where_it_was() {
    let bench = bench(2);
    let load = bench.load(0);
    let child = child(&bench, &[]);
    child.wait_for_metric(STORED, |count| count > 300.0);
    child.signal("STOP");
    // Longer than its session (6 s) and what the database waits for it (10 s): the time is what this test is about.
    std::thread::sleep(Duration::from_secs(14));
    child.signal("CONT");
    let stored = child.metric(STORED);
    child.wait_for_metric(STORED, |count| count > stored);
    let sent = load.stop();
    check(&bench, sent);
    child.stop();
    check(&bench, sent);
}
