//! `DETECTOR_DEAD_LETTER_LIMIT`: better to stand still than to drain a topic into the dead letters.

use kafka::testing::Cluster;
use service::testing::Observed as _;

use crate::support::bench::Bench;
use crate::support::payments::VISA;
use crate::support::{DECIDED, ready, start};

const BAD: &[u8] = b"not a payment";
const GOOD: &[u8] = VISA.as_bytes();

#[test]
fn too_many_dead_letters_in_a_row_halt_their_partition_loudly_and_the_others_go_on() {
    let bench = Bench::new(Cluster::any(), 2);
    bench.send(0, [GOOD, BAD, BAD, GOOD, BAD, BAD, BAD, GOOD]);
    bench.send(1, [GOOD, BAD]);
    let mut config = bench.config();
    config.dead_letter_limit = 2;
    let detector = start(config.clone());
    let readiness = detector.wait_for("kafka: failed, partition 0");
    assert!(readiness.contains("is halted at offset 6"), "{readiness}");
    assert!(
        readiness.contains("DETECTOR_DEAD_LETTER_LIMIT"),
        "{readiness}"
    );

    bench.send(1, [GOOD, GOOD]);
    bench.read(&bench.legit, 5);
    bench.read(&bench.dead_letters, 5);
    let halted = |partition| {
        format!(
            "partition_halted{{partition=\"{partition}\",topic=\"{}\"}}",
            bench.payments
        )
    };
    assert_eq!(detector.metric(&halted(0)), 1.0);
    detector.wait_for_metric(DECIDED, |count| count == 5.0);
    // The record that it stands still at is not a dead letter: it will be read again.
    assert_eq!(
        detector.metric("dead_letters_total{reason=\"not_json\"}"),
        5.0
    );
    detector.stop();
    assert_eq!(bench.position(0), 6);

    config.dead_letter_limit = 0;
    let detector = ready(config);
    bench.read(&bench.legit, 6);
    bench.read(&bench.dead_letters, 6);
    detector.stop();
}

#[test]
fn a_limit_that_is_never_passed_halts_nothing() {
    let bench = Bench::new(Cluster::any(), 1);
    let records = [BAD, BAD, GOOD].into_iter().cycle().take(60);
    bench.send(0, records);
    let mut config = bench.config();
    config.dead_letter_limit = 2;
    config.commit_records = 1;
    let detector = ready(config);
    bench.read(&bench.dead_letters, 40);
    bench.read(&bench.legit, 20);
    assert!(detector.readiness().contains("kafka: ok"));
    detector.stop();
}
