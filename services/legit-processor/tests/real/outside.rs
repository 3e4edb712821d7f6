//! A position that lies outside of its log.

use service::testing::Observed as _;
use sink::testing::{Bench, send};
use store::Table;

use crate::support::{config, ready, start};

#[test]
fn records_that_were_deleted_before_they_were_read_halt_their_partition_until_a_person_sets_the_position()
 {
    let bench = Bench::real(Table::Legit, 2);
    send(&bench, 0..100);
    let processor = ready(config(&bench));
    bench.payments(100);
    processor.stop();
    send(&bench, 100..200);
    // 10 of them were never read.
    bench.cluster.delete_records(&bench.topic, 0, 60);

    let processor = start(config(&bench));
    let readiness = processor.wait_for("kafka: failed, partition 0");
    assert!(
        readiness.contains("its position 50 lies outside of the log, which goes from 60 to 100"),
        "{readiness}"
    );
    bench.payments(150);
    processor.stop();
    assert_eq!((bench.position(0), bench.position(1)), (50, 100));

    // As docs/runbook.md says.
    let set = format!(
        "UPDATE sink_offset SET next_offset = 60 \
         WHERE sink = 'legit-processor' AND topic = '{}' AND part = 0 AND topic_id = '{}' AND next_offset < 60",
        bench.topic,
        bench.topic_id()
    );
    assert_eq!(bench.sql(&set), 1);
    let processor = ready(config(&bench));
    bench.payments(190);
    processor.stop();
    assert_eq!((bench.position(0), bench.position(1)), (100, 100));
}
