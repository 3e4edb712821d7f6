//! A position that lies outside of its log.

use kafka::testing::Cluster;
use service::testing::{Observed as _, until};

use crate::support::bench::Bench;
use crate::support::books::check;
use crate::support::load::{send, send_committed};
use crate::support::{ready, start};

#[test]
fn records_that_were_deleted_before_they_were_read_halt_their_partition_until_a_person_sets_the_position()
 {
    let bench = Bench::new(Cluster::real(), 2);
    send(&bench, 0..100);
    let detector = ready(bench.config());
    bench.read(&bench.legit, 100);
    detector.stop();
    send(&bench, 100..200);
    // 10 of them were never read.
    bench.cluster.delete_records(&bench.payments, 0, 60);

    let detector = start(bench.config());
    let readiness = detector.wait_for("kafka: failed, partition 0");
    assert!(
        readiness.contains("its position 50 lies outside of the log, which goes from 60 to 100"),
        "{readiness}"
    );
    assert_eq!(
        detector.metric(&format!(
            "partition_halted{{partition=\"0\",topic=\"{}\"}}",
            bench.payments
        )),
        1.0
    );
    let output = bench.read(&bench.legit, 150);
    let source = |record: &&kafka::testing::Raw| {
        let source = record.header(payment::header::SOURCE);
        source.is_some_and(|source| source.contains("/1/"))
    };
    assert_eq!(output.iter().filter(source).count(), 100);
    detector.stop();
    assert_eq!((bench.position(0), bench.position(1)), (50, 100));

    // As `kafka-consumer-groups.sh --reset-offsets --to-earliest` does it, which docs/runbook.md says.
    let committer = bench.cluster.committer(&bench.group);
    committer.commit(&bench.payments, &[(0, 60)], "");
    let detector = ready(bench.config());
    bench.read(&bench.legit, 190);
    detector.stop();
    assert_eq!((bench.position(0), bench.position(1)), (100, 100));
}

#[test]
fn records_that_were_deleted_before_the_first_start_are_no_reason_to_halt() {
    let bench = Bench::new(Cluster::real(), 1);
    send(&bench, 0..50);
    bench.cluster.delete_records(&bench.payments, 0, 20);
    let detector = ready(bench.config());
    check(&bench.read(&bench.legit, 30), 20..50);
    detector.stop();
}

#[test]
fn a_log_of_transactions_that_retention_emptied_once_all_of_it_was_decided_is_no_reason_to_halt() {
    let bench = Bench::new(Cluster::real(), 1);
    send_committed(&bench, 0..50);
    let detector = ready(bench.config());
    bench.read(&bench.legit, 50);
    // The last record is 49, and its marker 50.
    until(|| match bench.position(0) {
        51 => Ok(()),
        other => Err(other.to_string()),
    });
    detector.stop();
    bench.cluster.delete_records(&bench.payments, 0, 51);

    let detector = ready(bench.config());
    send_committed(&bench, 50..60);
    check(&bench.read(&bench.legit, 60), 0..60);
    detector.stop();
}
