//! SIGSTOP: a process that sleeps longer than its session and its transaction, and wakes as a zombie.

use kafka::testing::Cluster;
use service::testing::Observed as _;

use crate::support::bench::Bench;
use crate::support::books::check;
use crate::support::{DECIDED, slow};

#[test]
fn a_zombie_is_fenced_and_comes_back_as_a_member() {
    let bench = Bench::new(Cluster::real(), 3);
    let load = bench.load(0);
    let sleeper = slow(&bench, "sleeper");
    sleeper.wait_for_metric(DECIDED, |count| count > 200.0);
    sleeper.signal("STOP");
    let sent = load.stop();

    // It gets the partitions after the sleeper's session, and the positions after the sleeper's transaction: once everything is
    // decided both are over.
    let other = slow(&bench, "other");
    bench.read(&bench.legit, sent);
    sleeper.signal("CONT");
    sleeper.wait_for_log("partitions lost");
    let more = bench.load(sent);
    let before = sleeper.metric(DECIDED);
    sleeper.wait_for_metric(DECIDED, |count| count > before);
    let sent = more.stop();
    check(&bench.read(&bench.legit, sent), 0..sent);
    sleeper.stop();
    other.stop();
    check(&bench.read(&bench.legit, sent), 0..sent);
}

#[test]
fn one_that_sleeps_alone_goes_on_where_it_was() {
    let bench = Bench::new(Cluster::real(), 3);
    let load = bench.load(0);
    let child = slow(&bench, "one");
    child.wait_for_metric(DECIDED, |count| count > 200.0);
    child.signal("STOP");
    // Longer than a session (6 s) and a transaction (10 s): the time is what this test is about.
    std::thread::sleep(std::time::Duration::from_secs(14));
    child.signal("CONT");
    let before = child.metric(DECIDED);
    child.wait_for_metric(DECIDED, |count| count > before);
    let sent = load.stop();
    bench.read(&bench.legit, sent);
    child.stop();
    check(&bench.read(&bench.legit, sent), 0..sent);
}
