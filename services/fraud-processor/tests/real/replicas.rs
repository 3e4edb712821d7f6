//! Replicas that come, go and are killed under load.

use service::testing::Observed as _;
use sink::testing::{Bench, check};
use store::Table;

use crate::support::child;

const RAISED: &str = "alerts_total{state=\"raised\"}";

#[test]
fn every_alert_is_raised_once_whoever_joins_leaves_or_is_killed() {
    let bench = Bench::real(Table::Fraud, 4);
    // They would hide a row that is stored twice.
    bench.without_primary_keys();
    let load = bench.load(0);
    let first = child(&bench);
    first.wait_for("kafka: ok, joined, 4 partitions");
    for signal in ["TERM", "KILL"] {
        let second = child(&bench);
        second.wait_for("kafka: ok, joined, 2 partitions");
        second.wait_for_metric(RAISED, |count| count > 50.0);
        second.signal(signal);
        let ended = second.end();
        assert_eq!(ended.code, (signal == "TERM").then_some(0), "{signal}");
        first.wait_for("kafka: ok, joined, 4 partitions");
    }
    let sent = load.stop();
    check(&bench, sent);
    let alerts = bench.alerts(sent / 2);
    let mut keys: Vec<_> = alerts.iter().map(|alert| &alert.key).collect();
    keys.dedup();
    assert_eq!(keys.len(), sent / 2, "an alert stands there twice");
    let rows = bench.payments(sent);
    let alerted = rows.iter().filter(|row| row.state == "alert");
    assert!(alerted.map(|row| &row.key).eq(keys));

    let log = first.log().join("\n");
    assert!(!log.contains("KR-000042") && !log.contains("MOM"), "{log}");
    first.stop();
}
