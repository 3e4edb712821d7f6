//! Where a processor goes on: where the database says, whatever Kafka thinks.

use service::testing::Observed as _;
use sink::testing::{Bench, check, send};

use crate::support::{Processor, bench, config, ready};

fn duplicates(processor: &Processor) -> f64 {
    processor.metric("duplicates_total")
}

/// A group for which an operator has committed these positions by hand.
fn told(bench: &Bench, next: &[(i32, i64)]) -> String {
    let group = bench.cluster.group("other");
    let committer = bench.cluster.committer(&group);
    committer.commit(&bench.topic, next, "");
    group
}

#[test]
fn it_goes_on_where_it_was_and_stores_nothing_twice() {
    let bench = bench(3);
    for round in 0..3 {
        send(&bench, round * 500..(round + 1) * 500);
        let processor = ready(config(&bench));
        check(&bench, (round + 1) * 500);
        assert_eq!(duplicates(&processor), 0.0);
        processor.stop();
        assert_eq!(bench.epoch(0), round as i64 + 1, "each start claims anew");
    }
    let told: Vec<_> = (0..3).map(|partition| bench.told(partition)).collect();
    assert_eq!(told, [Some(500); 3], "for lag tools");
}

#[test]
fn a_position_in_kafka_that_disagrees_is_ignored() {
    let mut bench = bench(3);
    send(&bench, 0..300);
    let processor = ready(config(&bench));
    check(&bench, 300);
    processor.stop();

    send(&bench, 300..600);
    // Too early, beyond what nobody has stored yet, and beyond the end of the log.
    bench.group = told(&bench, &[(0, 0), (1, 200), (2, 5_000)]);
    let processor = ready(config(&bench));
    check(&bench, 600);
    assert_eq!(duplicates(&processor), 0.0, "nothing was read again");
    processor.stop();
    let told: Vec<_> = (0..3).map(|partition| bench.told(partition)).collect();
    assert_eq!(told, [Some(200); 3]);
}

#[test]
fn the_database_decides_when_somebody_sets_its_position_back() {
    let bench = bench(1);
    send(&bench, 0..100);
    let processor = ready(config(&bench));
    check(&bench, 100);
    processor.stop();
    let changed = bench.sql("UPDATE sink_offset SET next_offset = 40");
    assert_eq!(changed, 1);
    assert_eq!(bench.told(0), Some(100));
    let processor = ready(config(&bench));
    processor.wait_for_metric("duplicates_total", |count| count == 60.0);
    check(&bench, 100);
    processor.stop();
}

#[test]
fn one_that_never_stored_anything_begins_at_the_beginning_whatever_kafka_says() {
    let mut bench = bench(1);
    send(&bench, 0..50);
    bench.group = told(&bench, &[(0, 50)]);
    let processor = ready(config(&bench));
    check(&bench, 50);
    processor.stop();
}

#[test]
fn a_position_beyond_the_log_halts_with_a_sentence_and_is_not_reset() {
    let bench = bench(2);
    send(&bench, 0..100);
    let processor = ready(config(&bench));
    check(&bench, 100);
    processor.stop();
    bench.sql("UPDATE sink_offset SET next_offset = 70 WHERE part = 0");
    send(&bench, 100..110);
    let processor = crate::support::start(config(&bench));
    let readiness = processor.wait_for("outside of the log");
    assert!(
        readiness.contains("70") && readiness.contains("kafka: failed"),
        "{readiness}"
    );
    bench.payments(105);
    processor.stop();
    assert_eq!((bench.position(0), bench.position(1)), (70, 55));
}
