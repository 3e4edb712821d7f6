//! One source more than once: with the same bytes it is counted, with others its partition stands still.

use std::time::Duration;

use service::testing::Observed as _;
use sink::testing::{Output, VISA, with};

use crate::support::{bench, config, ready, start};

#[test]
fn a_record_that_was_stored_already_is_counted_and_stored_once() {
    let bench = bench(2);
    let twice = Output::decided((0, 7), "", VISA);
    let bad = Output::decided((0, 8), "", "no payment");
    // Within a batch, from another partition, and of dead letters as well.
    bench.send(
        0,
        [&twice, &twice, &Output::decided((0, 9), "", VISA), &bad],
    );
    bench.send(1, [&twice, &bad]);
    let processor = ready(config(&bench));
    bench.payments(2);
    bench.dead_letters(1);
    processor.wait_for_metric("duplicates_total", |count| count == 3.0);
    // And from a later batch.
    bench.send(1, [&twice, &Output::decided((0, 10), "", VISA)]);
    bench.payments(3);
    processor.wait_for_metric("duplicates_total", |count| count == 4.0);
    let stored = "payments_stored_total{state=\"visa\",table=\"legit_payments\"}";
    processor.wait_for_metric(stored, |count| count == 3.0);
    assert_eq!(
        processor.metric("dead_letters_total{reason=\"not_json\"}"),
        1.0
    );
    assert!(processor.readiness().contains("kafka: ok"));
    assert_eq!((bench.position(0), bench.position(1)), (4, 4));
    processor.stop();
}

#[test]
fn other_bytes_under_the_same_source_halt_their_partition_loudly_and_the_others_go_on() {
    let bench = bench(3);
    let mut config = config(&bench);
    // Whatever lies there at the start makes one batch, with rows of all partitions.
    config.options.batch_interval = Duration::from_secs(2);
    let visa = |partition, offset| Output::decided((partition, offset), "", VISA);
    bench.send(0, [&visa(0, 0)]);
    let processor = ready(config.clone());
    bench.payments(1);
    processor.stop();
    let other = Output::decided((0, 0), "", with("57", "58"));
    bench.send(1, [&visa(1, 1), &other, &visa(1, 2)]);
    bench.send(0, [&visa(0, 1)]);
    bench.send(2, [&visa(2, 0)]);

    let processor = start(config.clone());
    let readiness = processor.wait_for("is halted");
    assert!(
        readiness.contains("kafka: failed") && readiness.contains(&format!("{}/1", bench.topic)),
        "{readiness}"
    );
    assert!(readiness.contains("payments/0/0"), "{readiness}");
    assert!(readiness.contains("database: ok"), "{readiness}");
    assert!(processor.is_alive());
    bench.send(0, [&visa(0, 2)]);
    bench.send(2, [&visa(2, 1)]);
    // What came with the row that nobody may overwrite waits with it.
    let check = |sources: &[(i32, i64)]| {
        let rows = bench.payments(sources.len());
        let keys = rows.iter().map(|row| (row.key.partition, row.key.offset));
        assert!(keys.eq(sources.iter().copied()), "{rows:?}");
        assert!(rows.iter().all(|row| row.payload == VISA.as_bytes()));
        let positions = [0, 1, 2].map(|partition| bench.position(partition));
        assert_eq!(positions, [3, 0, 2]);
        bench.dead_letters(0);
    };
    check(&[(0, 0), (0, 1), (0, 2), (2, 0), (2, 1)]);
    let halted = |partition| {
        format!(
            "partition_halted{{partition=\"{partition}\",topic=\"{}\"}}",
            bench.topic
        )
    };
    assert_eq!(processor.metric(&halted(1)), 1.0);
    for partition in [0, 2] {
        let line = halted(partition);
        assert_eq!(processor.find_metric(&line).unwrap_or(0.0), 0.0, "{line}");
    }
    processor.stop();

    let processor = start(config);
    processor.wait_for("is halted");
    check(&[(0, 0), (0, 1), (0, 2), (2, 0), (2, 1)]);
    processor.stop();
}
