//! SIGKILL in the middle of batches.

use service::testing::Observed as _;
use sink::testing::{check, send};
use store::Relation;

use crate::support::child;
use crate::{STORED, bench};

#[test]
fn sigkill_in_the_middle_of_batches_loses_and_doubles_nothing() {
    const SENT: usize = 24_000;
    let bench = bench(3);
    send(&bench, 0..SENT);
    // Small ones, so that there are many to be in the middle of.
    let small = [("SINK_BATCH_RECORDS", "200")];
    for _ in 0..3 {
        let before = bench.count(Relation::LegitPayments);
        let child = child(&bench, &small);
        bench.wait_for_rows(Relation::LegitPayments, before + 1_500);
        child.signal("KILL");
        assert_eq!(child.end().code, None);
        let stored = bench.count(Relation::LegitPayments);
        assert!(
            stored + 5_000 < SENT,
            "{stored} rows: there was no lag left"
        );
    }
    let child = child(&bench, &small);
    check(&bench, SENT);
    assert!(child.metric(STORED) > 5_000.0);
    child.stop();
    check(&bench, SENT);
}
