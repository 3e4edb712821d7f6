//! A position that lies outside of its log.

use service::testing::{Observed as _, until};
use sink::testing::{Bench, send, send_committed};
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

#[test]
fn a_log_that_retention_emptied_once_all_of_it_was_stored_is_no_reason_to_halt() {
    let bench = Bench::real(Table::Legit, 2);
    send_committed(&bench, 0..100);
    let processor = ready(config(&bench));
    bench.payments(100);
    // The marker at 50 is stored while it runs...
    until(|| match (bench.position(0), bench.position(1)) {
        (51, 51) => Ok(()),
        other => Err(format!("{other:?}")),
    });
    send_committed(&bench, 100..200);
    bench.payments(200);
    // ... or when it ends, whichever comes first.
    processor.stop();
    assert_eq!((bench.position(0), bench.position(1)), (102, 102));
    for partition in 0..2 {
        bench.cluster.delete_records(&bench.topic, partition, 102);
    }

    let processor = ready(config(&bench));
    send_committed(&bench, 200..300);
    bench.payments(300);
    processor.stop();
}
