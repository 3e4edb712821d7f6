//! The service from its start to its drain.

use std::time::Duration;

use kafka::{Creation, Embedded, Role, Topic};
use payment_producer::generator::Format;
use payment_producer::hold::Hold;
use payment_producer::{Config, Error, run};
use prometheus::Registry;
use service::Process;

fn config(kafka: kafka::Config, count: u64) -> Config {
    Config {
        kafka,
        payments: Topic {
            name: "payments".to_owned(),
            role: Role::Payments,
        },
        creation: Creation {
            create: false,
            partitions: 3,
            replication_factor: 1,
            min_insync_replicas: 1,
        },
        rate_per_second: 100_000.0,
        count,
        seed: Some(42),
        start_ms: None,
        time_zone: chrono_tz::Tz::Asia__Seoul,
        format: Format::Full,
        accounts: 100,
        hold: Hold::default(),
    }
}

fn counter(registry: &Registry, name: &str) -> f64 {
    let families = registry.gather();
    let family = families
        .iter()
        .find(|family| family.name() == name)
        .expect(name);
    family
        .get_metric()
        .iter()
        .map(|metric| metric.get_counter().get_value())
        .sum()
}

/// What the process answers at `/readyz`.
async fn readiness(process: &Process) -> String {
    format!("{:?}", process.health.readiness().await)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_count_is_delivered_then_it_stays_ready_until_it_is_told_to_stop() {
    let cluster = Embedded::start(&["payments"], 3).expect("a cluster");
    let process = Process::new(Registry::new()).expect("a process");
    let running = tokio::spawn(run(config(cluster.config(), 5_000), process.clone()));

    let idle = async {
        while !readiness(&process)
            .await
            .contains("idle, all 5000 payments delivered")
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), idle)
        .await
        .expect("delivered in time");
    assert_eq!(
        counter(&process.registry, "fraudstream_payments_produced_total"),
        5_000.0
    );
    assert_eq!(
        counter(&process.registry, "fraudstream_payments_lost_total"),
        0.0
    );
    assert!(!running.is_finished(), "it idles");

    process.shutdown.cancel();
    let ended = tokio::time::timeout(Duration::from_secs(30), running)
        .await
        .expect("drained in time");
    ended.expect("no panic").expect("no error");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_waits_for_a_topic_that_is_missing_and_can_be_stopped_meanwhile() {
    let cluster = Embedded::start(&["elsewhere"], 1).expect("a cluster");
    let process = Process::new(Registry::new()).expect("a process");
    let running = tokio::spawn(run(config(cluster.config(), 1), process.clone()));
    let waits = async {
        while !readiness(&process).await.contains("waiting for the topic") {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), waits)
        .await
        .expect("it says what it waits for");
    assert_eq!(
        counter(&process.registry, "fraudstream_payments_produced_total"),
        0.0
    );
    process.shutdown.cancel();
    let ended = tokio::time::timeout(Duration::from_secs(30), running)
        .await
        .expect("stopped in time");
    ended.expect("no panic").expect("no error");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loss_is_there_to_be_scraped_before_the_process_ends() {
    let cluster = Embedded::start(&["payments"], 3).expect("a cluster");
    let process = Process::new(Registry::new()).expect("a process");
    let mut kafka = cluster.config();
    let limit = ("message.timeout.ms".to_owned(), "1000".to_owned());
    kafka.properties.extend([limit]);
    let running = tokio::spawn(run(config(kafka, 0), process.clone()));
    let loses = async {
        while !readiness(&process).await.contains("producing") {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        drop(cluster);
        while !readiness(&process).await.contains("payments lost") {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), loses)
        .await
        .expect("it says what it has lost");
    assert!(counter(&process.registry, "fraudstream_payments_lost_total") > 0.0);
    assert!(!running.is_finished(), "it stays");

    process.shutdown.cancel();
    let ended = tokio::time::timeout(Duration::from_secs(30), running)
        .await
        .expect("ended in time");
    let error = ended.expect("no panic").expect_err("payments are lost");
    assert!(matches!(error, Error::Publish(_)), "{error}");
}
