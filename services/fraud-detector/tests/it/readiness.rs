//! What `/readyz` and `/livez` answer.

use kafka::testing::Cluster;

use crate::support::bench::Bench;
use crate::support::detector::Detector;
use crate::support::payments::VISA;

#[tokio::test(flavor = "multi_thread")]
async fn it_says_how_many_partitions_it_has_and_a_replica_without_any_is_ready_as_a_spare() {
    let bench = Bench::new(Cluster::any(), 1);
    let first = Detector::start(bench.config());
    first.wait_for("kafka: ok, joined, 1 partitions").await;
    let mut config = bench.config();
    config.instance = "two".to_owned();
    let second = Detector::start(config);
    second.wait_for("kafka: ok, spare").await;
    assert!(second.process.health.liveness().await.is_good());
    assert_eq!(second.metric("ready{dependency=\"kafka\"}"), 1.0);

    first.stop().await;
    second.wait_for("kafka: ok, joined, 1 partitions").await;
    bench.send(0, [VISA.as_bytes()]);
    bench.read(&bench.legit, 1);
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_names_the_topics_that_it_waits_for_and_goes_on_by_itself_once_they_are_there() {
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
    let detector = Detector::start(config);
    let late = bench.cluster.name("late");
    detector
        .wait_for(&format!("waiting for topics that are missing: {late}"))
        .await;
    assert_eq!(detector.metric("ready{dependency=\"kafka\"}"), 0.0);
    assert!(detector.process.health.liveness().await.is_good());
    bench.cluster.topic("late", 1);
    detector.wait_for("kafka: ok, joined, 1 partitions").await;
    detector.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn brokers_that_nobody_answers_for_make_it_wait_and_not_die() {
    let bench = Bench::new(Cluster::any(), 1);
    let mut config = bench.config();
    config.kafka = kafka::Config::plaintext("127.0.0.1:1");
    let detector = Detector::start(config);
    detector
        .wait_for("kafka: failed, ask the cluster for topic")
        .await;
    assert!(detector.process.health.liveness().await.is_good());
    detector.stop().await;
}
