//! SIGTERM.

use service::testing::Observed as _;
use sink::testing::{check, send};
use store::Relation;

use crate::support::child;
use crate::{STORED, bench};

#[test]
fn sigterm_stores_what_was_read_and_ends_well() {
    let bench = bench(1);
    send(&bench, 0..130);
    // Nobody waits that long: what is no whole batch is stored by the drain, or not at all.
    let patient = [
        ("SINK_BATCH_RECORDS", "50"),
        ("SINK_BATCH_INTERVAL_MS", "10000"),
    ];
    let child = child(&bench, &patient);
    bench.wait_for_rows(Relation::LegitPayments, 100);
    child.stop();
    check(&bench, 130);
    assert_eq!(bench.told(0), Some(130), "told to Kafka as well");
}

#[test]
fn sigterm_under_load_leaves_no_row_behind_its_position_and_none_before_it() {
    let bench = bench(3);
    let load = bench.load(0);
    for _ in 0..4 {
        let child = child(&bench, &[]);
        child.wait_for_metric(STORED, |count| count > 200.0);
        child.stop();
        let positions: i64 = (0..3).map(|partition| bench.position(partition)).sum();
        let rows = bench.count(Relation::LegitPayments);
        assert_eq!(positions, rows as i64);
    }
    let sent = load.stop();
    let child = child(&bench, &[]);
    check(&bench, sent);
    child.stop();
}
