//! SIGKILL in the middle of a transaction.

use kafka::testing::Cluster;
use service::testing::Observed as _;

use crate::support::bench::Bench;
use crate::support::books::check;
use crate::support::{DECIDED, slow};

#[test]
fn sigkill_in_the_middle_of_transactions_loses_and_doubles_nothing() {
    let bench = Bench::new(Cluster::real(), 3);
    let load = bench.load(0);
    for _ in 0..3 {
        let child = slow(&bench, "one");
        child.wait_for_metric(DECIDED, |count| count > 200.0);
        bench.cluster.wait_for_open_transaction(&bench.legit, 3);
        child.signal("KILL");
        assert_eq!(child.end().code, None);
    }
    let child = slow(&bench, "one");
    child.wait_for_metric(DECIDED, |count| count > 200.0);
    let sent = load.stop();
    let output = bench.read(&bench.legit, sent);
    child.stop();

    check(&output, 0..sent);
    bench.read(&bench.legit, sent);
    bench.read(&bench.fraud, 0);
    bench.read(&bench.dead_letters, 0);
    let positions: i64 = (0..3).map(|partition| bench.position(partition)).sum();
    assert_eq!(positions, sent as i64);
    let written = bench
        .cluster
        .reader_of_everything(&bench.legit)
        .read(sent)
        .len();
    assert!(
        written > sent,
        "it was never killed in the middle of a transaction"
    );
}
