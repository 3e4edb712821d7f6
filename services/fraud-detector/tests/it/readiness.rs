//! What `/readyz` and `/livez` answer.

use kafka::testing::Cluster;
use service::testing::Observed as _;

use crate::support::bench::Bench;
use crate::support::payments::VISA;
use crate::support::start;

#[test]
fn it_says_how_many_partitions_it_has_and_a_replica_without_any_is_ready_as_a_spare() {
    let bench = Bench::new(Cluster::any(), 1);
    let first = start(bench.config());
    first.wait_for("kafka: ok, joined, 1 partitions");
    let mut config = bench.config();
    config.instance = "two".to_owned();
    let second = start(config);
    second.wait_for("kafka: ok, spare");
    assert!(second.is_alive());
    assert_eq!(second.metric("ready{dependency=\"kafka\"}"), 1.0);

    first.stop();
    second.wait_for("kafka: ok, joined, 1 partitions");
    bench.send(0, [VISA.as_bytes()]);
    bench.read(&bench.legit, 1);
    second.stop();
}

#[test]
fn it_names_the_topics_that_it_waits_for_and_goes_on_by_itself_once_they_are_there() {
    let bench = Bench::new(Cluster::any(), 1);
    let mut config = bench.config();
    config.creation.create = false;
    config.payments.name = bench.cluster.name("late");
    for output in [
        &mut config.fraud,
        &mut config.legit,
        &mut config.dead_letters,
    ] {
        output.name = bench.payments.clone();
    }
    let detector = start(config);
    let late = bench.cluster.name("late");
    detector.wait_for(&format!("waiting for topics that are missing: {late}"));
    assert_eq!(detector.metric("ready{dependency=\"kafka\"}"), 0.0);
    assert!(detector.is_alive());
    bench.cluster.topic("late", 1);
    detector.wait_for("kafka: ok, joined, 1 partitions");
    detector.stop();
}

#[test]
fn brokers_that_nobody_answers_for_make_it_wait_and_not_die() {
    let bench = Bench::new(Cluster::any(), 1);
    let mut config = bench.config();
    config.kafka = kafka::Config::plaintext("127.0.0.1:1");
    let detector = start(config);
    detector.wait_for("kafka: failed, ask the cluster for topic");
    assert!(detector.is_alive());
    detector.stop();
}
