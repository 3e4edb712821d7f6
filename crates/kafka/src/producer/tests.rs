//! The producer on an embedded cluster. What it shows of delivery is shown again on real brokers by the end-to-end run.

use std::sync::Mutex;
use std::time::Instant;

use rdkafka::mocking::MockCluster;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};

use super::*;

#[derive(Default)]
struct Heard {
    delivered: AtomicU64,
    lost: Mutex<Vec<Cause>>,
}

impl Reports for Heard {
    fn delivered(&self) {
        self.delivered.fetch_add(1, Ordering::Relaxed);
    }

    fn lost(&self, loss: Loss) {
        self.lost.lock().unwrap().push(loss.cause);
    }
}

struct Bench {
    cluster: MockCluster<'static, rdkafka::producer::DefaultProducerContext>,
    producer: Producer<Heard>,
    heard: Arc<Heard>,
}

fn bench() -> Bench {
    let cluster = MockCluster::new(1).unwrap();
    cluster.create_topic("payments", 3, 1).unwrap();
    let heard = Arc::<Heard>::default();
    let config = Config::plaintext(cluster.bootstrap_servers());
    let producer = Producer::create(&config, Arc::default(), Arc::clone(&heard)).unwrap();
    Bench {
        cluster,
        producer,
        heard,
    }
}

fn record(payload: &[u8]) -> NewRecord<'_> {
    NewRecord {
        topic: "payments",
        key: Some(b"acct-000042"),
        payload,
        timestamp_ms: 1_643_346_187_000,
    }
}

#[test]
fn every_record_is_reported_delivered_once() {
    let bench = bench();
    for _ in 0..1_000 {
        assert_eq!(bench.producer.publish(&record(b"{}")), Ok(Sent::Queued));
    }
    assert!(bench.producer.flush(Duration::from_secs(20)));
    assert_eq!(bench.heard.delivered.load(Ordering::Relaxed), 1_000);
    assert!(bench.heard.lost.lock().unwrap().is_empty());
    assert_eq!(bench.producer.waiting(), 0);
}

#[test]
fn a_full_queue_asks_for_patience_and_then_takes_the_record() {
    let bench = bench();
    bench.cluster.broker_down(1).unwrap();
    let full = (0..200_000).any(|_| bench.producer.publish(&record(b"{}")) == Ok(Sent::Full));
    assert!(full, "the queue has no end");
    let queued = bench.producer.waiting();
    bench.cluster.broker_up(1).unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    while bench.producer.publish(&record(b"{}")) == Ok(Sent::Full) {
        assert!(Instant::now() < deadline, "the queue does not empty");
        bench.producer.flush(Duration::from_millis(10));
    }
    assert!(bench.producer.flush(Duration::from_secs(30)));
    assert_eq!(bench.heard.delivered.load(Ordering::Relaxed), queued + 1);
}

#[test]
fn what_a_broker_refuses_for_good_is_reported_lost_with_its_cause() {
    let bench = bench();
    bench.cluster.request_errors(
        RDKafkaApiKey::Produce,
        &[RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED],
    );
    assert_eq!(bench.producer.publish(&record(b"{}")), Ok(Sent::Queued));
    assert!(bench.producer.flush(Duration::from_secs(20)));
    assert_eq!(*bench.heard.lost.lock().unwrap(), [Cause::NotAuthorized]);
    assert_eq!(bench.heard.delivered.load(Ordering::Relaxed), 0);
}

#[test]
fn what_a_broker_refuses_for_a_while_is_repeated_until_it_is_delivered() {
    let bench = bench();
    let errors = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS; 3];
    bench
        .cluster
        .request_errors(RDKafkaApiKey::Produce, &errors);
    assert_eq!(bench.producer.publish(&record(b"{}")), Ok(Sent::Queued));
    assert!(bench.producer.flush(Duration::from_secs(20)));
    assert_eq!(bench.heard.delivered.load(Ordering::Relaxed), 1);
    assert!(bench.heard.lost.lock().unwrap().is_empty());
}

#[test]
fn a_record_that_is_too_large_is_refused_at_once() {
    let bench = bench();
    let huge = vec![b'x'; 2 * client::MAX_PAYMENT_BYTES];
    assert_eq!(
        bench
            .producer
            .publish(&record(&huge))
            .map_err(|loss| loss.cause),
        Err(Cause::TooLarge)
    );
}

#[test]
fn every_cause_has_a_name_of_its_own() {
    let names: std::collections::BTreeSet<_> =
        Cause::ALL.iter().map(|cause| cause.as_str()).collect();
    assert_eq!(names.len(), Cause::ALL.len());
}
