//! Shutdown is a feature: what was read is stored.

use std::time::Duration;

use service::testing::Observed as _;
use sink::testing::{check, send};
use store::Relation;

use crate::support::{bench, config, ready, start};

#[test]
fn what_was_read_is_stored_at_shutdown() {
    let bench = bench(1);
    let mut config = config(&bench);
    config.options.batch_records = 50;
    // Nobody waits that long: what is no whole batch is stored by the drain, or not at all.
    config.options.batch_interval = Duration::from_secs(10);
    send(&bench, 0..130);
    let processor = ready(config.clone());
    // One fetch brings all of them, and whoever has sent the second batch on its way has taken the rest by then.
    bench.wait_for_rows(Relation::LegitPayments, 100);
    let took = processor.stop();
    assert!(took < Duration::from_secs(8), "{took:?}");
    check(&bench, 130);
    assert_eq!(bench.told(0), Some(130), "told to Kafka as well");
}

#[test]
fn one_that_never_reached_its_brokers_stops_when_it_is_told_to() {
    let bench = bench(1);
    let mut config = config(&bench);
    config.kafka = kafka::Config::plaintext("127.0.0.1:1");
    let processor = start(config);
    processor.wait_for("database: ok");
    assert!(processor.readiness().contains("kafka: failed"));
    assert!(processor.is_alive());
    let took = processor.stop();
    assert!(took < Duration::from_secs(10), "{took:?}");
}
