//! Replicas that come and go under load.

use kafka::testing::Cluster;
use service::testing::Observed as _;

use crate::support::bench::Bench;
use crate::support::books::check;
use crate::support::{DECIDED, ready, start};

#[test]
fn a_second_replica_that_joins_and_leaves_under_load_loses_and_doubles_nothing() {
    let bench = Bench::new(Cluster::real(), 4);
    let load = bench.load(0);
    let first = ready(bench.config());
    for round in 0..3 {
        let mut config = bench.config();
        config.instance = format!("two-{round}");
        let second = start(config);
        second.wait_for("kafka: ok, joined, 2 partitions");
        first.wait_for("kafka: ok, joined, 2 partitions");
        second.wait_for_metric(DECIDED, |count| count > 100.0);
        second.stop();
        first.wait_for("kafka: ok, joined, 4 partitions");
    }
    let sent = load.stop();
    check(&bench.read(&bench.legit, sent), 0..sent);
    assert!(first.metric("rebalances_total{kind=\"revoked\"}") >= 3.0);
    assert_eq!(first.metric("rebalances_total{kind=\"lost\"}"), 0.0);
    // A generation that ends between the question for it and the positions that carry it costs an abort, and no more.
    let rebalances = first.metric("rebalances_total{kind=\"assigned\"}");
    assert!(first.metric("transactions_total{outcome=\"aborted\"}") <= rebalances);
    assert_eq!(
        first.metric("transactions_total{outcome=\"recreated\"}"),
        0.0
    );
    first.stop();
    check(&bench.read(&bench.legit, sent), 0..sent);
}
