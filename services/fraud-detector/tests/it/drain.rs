//! Shutdown is a feature: what was decided is committed, and nothing is decided twice.

use std::collections::BTreeSet;
use std::time::Duration;

use kafka::testing::{Cluster, Raw, Sending};
use payment::{Source, header};
use service::testing::Observed as _;

use crate::support::bench::Bench;
use crate::support::payments::VISA;
use crate::support::{DECIDED, ready, start};

fn sources(records: &[Raw]) -> BTreeSet<(i32, i64)> {
    let source = |record: &Raw| {
        let source: Source = record
            .header(header::SOURCE)
            .expect("a source")
            .parse()
            .expect("a source");
        (source.partition, source.offset)
    };
    let sources: BTreeSet<_> = records.iter().map(source).collect();
    assert_eq!(sources.len(), records.len(), "a source stands there twice");
    sources
}

#[test]
fn what_was_decided_is_committed_at_shutdown_and_not_decided_again() {
    const COUNT: usize = 4_000;
    let bench = Bench::new(Cluster::any(), 2);
    let mut config = bench.config();
    // Long enough for a transaction to be open whenever it is told to stop.
    config.commit_interval = Duration::from_millis(700);
    let sender = bench.cluster.sender();
    let send = |range: std::ops::Range<usize>| {
        for number in range {
            let sending = Sending {
                partition: Some((number % 2) as i32),
                payload: Some(VISA.as_bytes()),
                ..Sending::default()
            };
            sender.send(&bench.payments, sending);
        }
        sender.flush();
    };
    let detector = ready(config.clone());
    send(0..COUNT / 2);
    detector.wait_for_metric(DECIDED, |count| count > 0.0);
    // The next transaction opens with the first of these and would be open for 700 ms.
    send(COUNT / 2..COUNT);
    let took = detector.stop();
    assert!(took < Duration::from_secs(10), "{took:?}");

    let first = bench.cluster.reader(&bench.legit).read(0).to_vec();
    let decided = sources(&first);
    for partition in 0..2 {
        let position = bench.position(partition);
        let below = (0..position).map(|offset| (partition, offset)).collect();
        let of_partition: BTreeSet<_> = decided
            .iter()
            .copied()
            .filter(|(found, _)| *found == partition)
            .collect();
        assert_eq!(
            of_partition, below,
            "the position is where the decisions end"
        );
    }

    let detector = ready(config);
    let all = bench.read(&bench.legit, COUNT);
    sources(&all);
    detector.stop();
    assert_eq!((bench.position(0), bench.position(1)), (2_000, 2_000));
}

#[test]
fn one_that_never_reached_a_broker_stops_when_it_is_told_to() {
    let bench = Bench::new(Cluster::any(), 1);
    let mut config = bench.config();
    config.kafka = kafka::Config::plaintext("127.0.0.1:1");
    let detector = start(config);
    detector.wait_for("kafka: failed");
    let took = detector.stop();
    assert!(took < Duration::from_secs(10), "{took:?}");
}
