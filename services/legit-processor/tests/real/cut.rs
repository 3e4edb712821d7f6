//! Connections to the database that break in the middle.

use std::time::Duration;

use kafka::testing::Load;
use service::testing::{Child, Observed as _, until};
use sink::testing::{Bench, check};
use store::testing::{Proxy, Spoil};

use crate::support::child;
use crate::{STORED, bench};

/// A processor under load that reaches its database through a proxy.
fn under_load() -> (Bench, Proxy, Load, Child) {
    let bench = bench(3);
    let proxy = Proxy::before(bench.database.url());
    let load = bench.load(0);
    let child = child(&bench, &[("DATABASE_URL", proxy.url())]);
    child.wait_for_metric(STORED, |count| count > 200.0);
    (bench, proxy, load, child)
}

/// Spoils the next COMMIT, and waits until rows are stored again.
fn spoil(proxy: &Proxy, child: &Child, spoil: Spoil, away: Duration) {
    proxy.spoil(spoil, away);
    until(|| match proxy.spoiled() {
        true => Ok(()),
        false => Err("no COMMIT came by".to_owned()),
    });
    goes_on(child);
}

fn goes_on(child: &Child) {
    let stored = child.metric(STORED);
    child.wait_for_metric(STORED, |count| count > stored);
    child.wait_for("database: ok");
}

fn ends_well(bench: &Bench, load: Load, child: Child) {
    let sent = load.stop();
    check(bench, sent);
    let claims: Vec<i64> = (0..3).map(|partition| bench.epoch(partition)).collect();
    assert_eq!(claims, [1; 3], "nobody else took a partition");
    assert_eq!(child.metric("batches_fenced_total"), 0.0);
    assert_eq!(child.metric(STORED), sent as f64);
    child.stop();
    check(bench, sent);
}

#[test]
fn a_commit_that_never_reached_the_database_is_made_again() {
    let (bench, proxy, load, child) = under_load();
    for _ in 0..3 {
        spoil(&proxy, &child, Spoil::BeforeTheServer, Duration::ZERO);
    }
    child.wait_for_log("the commit had not happened");
    // Rows of the batch before may have been counted meanwhile, so that this retry is still to come.
    child.wait_for_metric("database_retries_total", |count| count >= 3.0);
    ends_well(&bench, load, child);
}

#[test]
fn a_commit_whose_answer_got_lost_is_not_made_again() {
    let (bench, proxy, load, child) = under_load();
    for _ in 0..3 {
        spoil(&proxy, &child, Spoil::AfterTheServer, Duration::ZERO);
    }
    child.wait_for_log("the commit had happened");
    let late = Spoil::Late(Duration::from_secs(2));
    spoil(&proxy, &child, late, Duration::ZERO);
    assert_eq!(child.metric("database_retries_total"), 0.0);
    ends_well(&bench, load, child);
}

#[test]
fn connections_that_break_at_any_moment_cost_nothing_but_time() {
    let (bench, proxy, load, child) = under_load();
    for _ in 0..20 {
        proxy.cut();
        goes_on(&child);
    }
    ends_well(&bench, load, child);
}

#[test]
fn a_database_that_is_away_for_a_while_is_waited_for_in_the_group() {
    let (bench, proxy, load, child) = under_load();
    proxy.go_away();
    child.wait_for("database: failed");
    // Longer than a session (6 s): the time is what this test is about.
    std::thread::sleep(Duration::from_secs(9));
    assert!(child.is_alive());
    proxy.come_back();
    goes_on(&child);
    assert_eq!(child.metric("rebalances_total{kind=\"assigned\"}"), 1.0);
    assert_eq!(child.metric("rebalances_total{kind=\"lost\"}"), 0.0);
    ends_well(&bench, load, child);
}
