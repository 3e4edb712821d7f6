//! Replicas that come and go under load.

use service::testing::Observed as _;
use sink::testing::check;

use crate::support::child;
use crate::{STORED, bench};

#[test]
fn a_second_replica_that_joins_and_leaves_under_load_loses_and_doubles_nothing() {
    let bench = bench(4);
    let load = bench.load(0);
    let first = child(&bench, &[]);
    first.wait_for("kafka: ok, joined, 4 partitions");
    for _ in 0..3 {
        let second = child(&bench, &[]);
        second.wait_for("kafka: ok, joined, 2 partitions");
        first.wait_for("kafka: ok, joined, 2 partitions");
        second.wait_for_metric(STORED, |count| count > 100.0);
        second.stop();
        first.wait_for("kafka: ok, joined, 4 partitions");
    }
    let sent = load.stop();
    check(&bench, sent);
    assert!(first.metric("rebalances_total{kind=\"revoked\"}") >= 3.0);
    assert_eq!(first.metric("rebalances_total{kind=\"lost\"}"), 0.0);
    // Two of the four changed hands six times.
    let claims: i64 = (0..4).map(|partition| bench.epoch(partition)).sum();
    assert!(claims >= 4 + 3 * 4, "{claims}");
    first.stop();
    check(&bench, sent);
}
