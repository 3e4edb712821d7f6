//! A topic that was deleted and made anew starts again at offset 0 under its old name.

use kafka::testing::Cluster;
use service::testing::Observed as _;

use crate::support::bench::Bench;
use crate::support::books::check;
use crate::support::load::send;
use crate::support::payments::numbered;
use crate::support::ready;

/// The new topic's payments on the output, whatever lies before them.
fn check_from(bench: &Bench, old: usize, new: std::ops::Range<usize>) {
    let output = bench.read(&bench.legit, old + new.len());
    let (earlier, later): (Vec<_>, Vec<_>) = output.into_iter().partition(|record| {
        (0..old).any(|number| record.payload.as_deref() == Some(&numbered(number)))
    });
    assert_eq!(earlier.len(), old);
    check(&later, new);
}

fn recreate(bench: &Bench) {
    bench.cluster.delete(&bench.payments);
    bench.cluster.create(&bench.payments, bench.partitions, &[]);
}

#[test]
fn while_the_detector_is_stopped_nothing_of_the_new_topic_is_skipped() {
    let bench = Bench::new(Cluster::real(), 2);
    send(&bench, 0..100);
    let detector = ready(bench.config());
    bench.read(&bench.legit, 100);
    detector.stop();
    let earlier = bench.cluster.committed(&bench.group, &bench.payments, 2);
    recreate(&bench);
    // More than before: old positions would lie inside of the new log.
    send(&bench, 100..300);
    let detector = ready(bench.config());
    check_from(&bench, 100, 100..300);
    detector.stop();
    let later = bench.cluster.committed(&bench.group, &bench.payments, 2);
    for partition in 0..2 {
        assert_eq!(earlier[&partition].offset, Some(50));
        assert_eq!(later[&partition].offset, Some(100));
        assert!(!earlier[&partition].metadata.is_empty());
        assert_ne!(earlier[&partition].metadata, later[&partition].metadata);
    }
}

#[test]
fn while_the_detector_runs_nothing_of_the_new_topic_is_skipped_or_doubled() {
    let bench = Bench::new(Cluster::real(), 2);
    send(&bench, 0..40);
    let detector = ready(bench.config());
    bench.read(&bench.legit, 40);
    recreate(&bench);
    send(&bench, 40..400);
    check_from(&bench, 40, 40..400);
    detector.wait_for("kafka: ok, joined, 2 partitions");
    detector.stop();
    check_from(&bench, 40, 40..400);
}

#[test]
fn while_the_detector_idles_a_new_topic_with_as_many_records_is_read_from_its_beginning() {
    let bench = Bench::new(Cluster::real(), 1);
    send(&bench, 0..10);
    let detector = ready(bench.config());
    bench.read(&bench.legit, 10);
    recreate(&bench);
    // The old position is the new end: nothing would ever come from there.
    send(&bench, 10..20);
    check_from(&bench, 10, 10..20);
    detector.stop();
}

#[test]
fn a_topic_that_is_gone_makes_it_wait_with_a_sentence_until_it_is_back() {
    let bench = Bench::new(Cluster::real(), 1);
    send(&bench, 0..10);
    let detector = ready(bench.config());
    bench.read(&bench.legit, 10);
    bench.cluster.delete(&bench.payments);
    let readiness = detector.wait_for("kafka: failed");
    assert!(readiness.contains(&bench.payments), "{readiness}");
    assert!(detector.is_alive());
    bench.cluster.create(&bench.payments, 1, &[]);
    send(&bench, 10..15);
    check_from(&bench, 10, 10..15);
    detector.wait_for("kafka: ok, joined, 1 partitions");
    detector.stop();
}
