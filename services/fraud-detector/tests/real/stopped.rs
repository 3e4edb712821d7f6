//! SIGSTOP: a process that sleeps longer than its session and its transaction, and wakes as a zombie.

use kafka::testing::Cluster;

use crate::support::bench::Bench;
use crate::support::books::{Load, check};
use crate::support::child::Child;

#[test]
fn a_zombie_is_fenced_and_comes_back_as_a_member() {
    let bench = Bench::new(Cluster::real(), 3);
    let load = Load::start(&bench);
    let sleeper = Child::slow(&bench, "sleeper");
    sleeper.wait_for_decisions(200.0);
    sleeper.signal("STOP");
    let sent = load.stop();

    // It gets the partitions after the sleeper's session, and the positions after the sleeper's transaction: once everything is
    // decided both are over.
    let other = Child::slow(&bench, "other");
    bench.read(&bench.legit, sent);
    sleeper.signal("CONT");
    sleeper.wait_for_log("partitions lost");
    let more = Load::start_at(&bench, sent);
    let before = sleeper.metric("decisions_total{verdict=\"legit\"}");
    sleeper.wait_for_decisions(before);
    let sent = more.stop();
    check(&bench.read(&bench.legit, sent), 0..sent);
    for child in [sleeper, other] {
        child.signal("TERM");
        let ended = child.end();
        assert_eq!(ended.code, Some(0), "{:#?}", ended.log);
    }
    check(&bench.read(&bench.legit, sent), 0..sent);
}

#[test]
fn one_that_sleeps_alone_goes_on_where_it_was() {
    let bench = Bench::new(Cluster::real(), 3);
    let load = Load::start(&bench);
    let child = Child::slow(&bench, "one");
    child.wait_for_decisions(200.0);
    child.signal("STOP");
    // Longer than a session (6 s) and a transaction (10 s): the time is what this test is about.
    std::thread::sleep(std::time::Duration::from_secs(14));
    child.signal("CONT");
    let before = child.metric("decisions_total{verdict=\"legit\"}");
    child.wait_for_decisions(before);
    let sent = load.stop();
    bench.read(&bench.legit, sent);
    child.signal("TERM");
    let ended = child.end();
    assert_eq!(ended.code, Some(0), "{:#?}", ended.log);
    check(&bench.read(&bench.legit, sent), 0..sent);
}
