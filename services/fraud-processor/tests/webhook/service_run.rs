//! The whole service: from a record on the topic to a request at the receiver.

use fraud_processor::{Config, Error, run};
use kafka::testing::{Cluster, Sending};
use prometheus::{Registry, TextEncoder};
use service::Process;
use settings::{Environment, Reading};
use tokio::task::JoinHandle;

use crate::bench::{Bench, DEADLINE, until};
use crate::receiver::{Receiver, status};

const STRANGER: &str = r#"{"DATE": "01/28/2022", "TIME": "14:03:07", "PAYMENTTYPE": "BITCOIN", "AMOUNT": 57, "WHO": "STRANGER"}"#;
const FRIEND: &str = r#"{"DATE": "01/28/2022", "TIME": "14:03:07", "PAYMENTTYPE": "BITCOIN", "AMOUNT": 57, "WHO": "FRIEND"}"#;

fn config(cluster: &Cluster, bench: &Bench, topic: &str, url: Option<&str>) -> Config {
    let group = cluster.group("processor");
    let servers = cluster.config().bootstrap_servers;
    let mut variables = vec![
        ("KAFKA_BOOTSTRAP_SERVERS", servers.as_str()),
        ("KAFKA_GROUP_ID", group.as_str()),
        ("TOPIC_FRAUD", topic),
        ("DATABASE_URL", bench.database.url()),
    ];
    variables.extend(url.map(|url| ("ALERT_WEBHOOK_URL", url)));
    let environment = Environment::from_iter(variables);
    let mut reading = Reading::new(&environment);
    let config = Config::read(&mut reading);
    let (mut config, _) = reading.finish(config, Config::ROOMS, &[]).unwrap();
    config.sink.kafka = cluster.config();
    config
}

/// The service at work. Dropping it stops it, or a test that failed would wait for its thread for ever.
struct Service {
    process: Process,
    running: JoinHandle<Result<(), Error>>,
}

impl Service {
    fn start(config: Config) -> Self {
        let process = Process::new(Registry::new()).unwrap();
        let running = tokio::spawn(run(config, process.clone()));
        Self { process, running }
    }

    async fn ended(&mut self) -> Result<(), Error> {
        let ended = tokio::time::timeout(DEADLINE, &mut self.running).await;
        ended.expect("ends in time").unwrap()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.process.shutdown.cancel();
    }
}

fn send(cluster: &Cluster, topic: &str, payloads: &[&str]) {
    let sender = cluster.sender();
    for payload in payloads {
        let sending = Sending {
            partition: Some(0),
            payload: Some(payload.as_bytes()),
            ..Sending::default()
        };
        sender.send(topic, sending);
    }
    sender.flush();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_to_a_stranger_is_told_and_a_webhook_that_is_away_makes_nobody_unready() {
    let (bench, cluster) = (Bench::new().await, Cluster::any());
    let topic = cluster.topic("fraud", 1);
    let receiver = Receiver::new(|_, _| status(200)).await;
    let address = receiver.address;
    let config = config(&cluster, &bench, &topic, Some(&receiver.url()));
    let mut service = Service::start(config);

    send(&cluster, &topic, &[FRIEND, STRANGER]);
    bench.wait_for("delivered", 1).await;
    let [seen] = receiver.seen().try_into().unwrap();
    assert_eq!(seen.key(), format!("{topic}/0/1"));
    let body: serde_json::Value = serde_json::from_str(&seen.body).unwrap();
    assert_eq!(body["id"], format!("{topic}/0/1"));
    assert_eq!(body["payment_type"], "BITCOIN");
    assert_eq!(body["amount"], "57");
    assert_eq!(body["rules"], serde_json::json!([]));

    drop(receiver);
    send(&cluster, &topic, &[STRANGER]);
    until("it was tried in vain", async || {
        bench.error("pending").await.is_some()
    })
    .await;
    let readiness = service.process.health.readiness().await;
    assert!(readiness.is_good(), "{readiness}");
    let receiver = Receiver::at(address, None, |_, _| status(200)).await;
    bench.wait_for("delivered", 2).await;
    assert_eq!(receiver.keys(), [format!("{topic}/0/2")]);

    service.process.shutdown.cancel();
    service.ended().await.unwrap();
    let metrics = TextEncoder::new()
        .encode_to_string(&service.process.registry.gather())
        .unwrap();
    for line in [
        "fraudstream_alerts_total{state=\"raised\"} 2",
        "fraudstream_alerts_total{state=\"delivered\"} 2",
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_webhook_alerts_are_stored_and_wait() {
    let (bench, cluster) = (Bench::new().await, Cluster::any());
    let topic = cluster.topic("fraud", 1);
    let config = config(&cluster, &bench, &topic, None);
    let mut service = Service::start(config);
    send(&cluster, &topic, &[STRANGER, FRIEND]);
    bench.wait_for("pending", 1).await;
    until("both are stored", async || {
        let rows = bench.database.number("SELECT COUNT(*) FROM fraud_payments");
        rows.await == Some(2)
    })
    .await;
    service.process.shutdown.cancel();
    service.ended().await.unwrap();
    assert_eq!(bench.count("pending").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_refuses_us_ends_the_service_with_its_dispatcher() {
    let (bench, cluster) = (Bench::new().await, Cluster::any());
    let topic = cluster.topic("fraud", 1);
    let receiver = Receiver::new(|_, _| status(200)).await;
    let config = config(&cluster, &bench, &topic, Some(&receiver.url()));
    let mut service = Service::start(config);
    until("it is ready", async || {
        service.process.health.readiness().await.is_good()
    })
    .await;
    bench.database.sql("DROP TABLE fraud_payments").await;
    send(&cluster, &topic, &[FRIEND]);
    let error = service.ended().await.unwrap_err();
    assert!(matches!(error, Error::Sink(_)), "{error:?}");
}
