//! What a transactional producer does on an embedded cluster whose brokers come and go.

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::mocking::{MockCluster, MockCoordinator};
use rdkafka::producer::DefaultProducerContext;

use super::*;
use crate::fault::Fate;

/// The broker that keeps the group; another one has everything else.
const GROUP_COORDINATOR: i32 = 2;

struct Bench {
    cluster: MockCluster<'static, DefaultProducerContext>,
    producer: TransactionalProducer,
    consumer: BaseConsumer,
}

fn bench() -> Bench {
    bench_with(&[])
}

fn bench_with(properties: &[(&str, &str)]) -> Bench {
    let cluster = MockCluster::new(2).unwrap();
    cluster.create_topic("payments", 1, 1).unwrap();
    cluster.partition_leader("payments", 0, Some(1)).unwrap();
    cluster
        .coordinator(MockCoordinator::Transaction("worker".to_owned()), 1)
        .unwrap();
    cluster
        .coordinator(
            MockCoordinator::Group("detector".to_owned()),
            GROUP_COORDINATOR,
        )
        .unwrap();
    let mut config = Config::plaintext(cluster.bootstrap_servers());
    let properties = properties.iter();
    config.properties = properties
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let consumer = client::group_consumer(&config, "detector");
    Bench {
        producer: TransactionalProducer::new(
            &config,
            "worker",
            Duration::from_millis(100),
            1_000_000,
            Arc::default(),
        ),
        consumer: consumer.create().unwrap(),
        cluster,
    }
}

impl Bench {
    /// Whether positions can be added to a new transaction.
    fn positions(&mut self) -> Result<(), Fault> {
        let group = self.consumer.group_metadata().unwrap();
        self.producer.begin()?;
        let next = [(0, 1)];
        self.producer.send_offsets("payments", &next, "", group)
    }

    fn open(&mut self) {
        let end = Instant::now() + Duration::from_secs(60);
        while let Err(fault) = self.producer.open() {
            assert!(Instant::now() < end, "{fault}");
        }
    }
}

#[test]
fn positions_that_nobody_takes_cost_the_producer_and_not_the_worker() {
    let mut bench = bench();
    bench.open();
    bench.cluster.broker_down(GROUP_COORDINATOR).unwrap();
    let fault = bench.positions().unwrap_err();
    assert_eq!(fault.fate(), Fate::Recreate, "{fault}");
    bench.cluster.broker_up(GROUP_COORDINATOR).unwrap();
    bench.open();
    bench.positions().unwrap();
    bench.producer.commit().unwrap();
}

#[test]
fn what_the_client_has_to_say_does_not_pile_up() {
    let mut bench = bench_with(&[("statistics.interval.ms", "10")]);
    bench.open();
    let (end, mut most) = (Instant::now() + Duration::from_millis(500), 0);
    while Instant::now() < end {
        bench.producer.begin().unwrap();
        bench.producer.commit().unwrap();
        bench.producer.serve();
        let producer = bench.producer.producer.as_ref().unwrap();
        most = most.max(producer.in_flight_count());
    }
    assert!(most < 10, "{most} of 50 events wait");
}

#[test]
fn time_limits_of_the_operator_are_not_those_of_a_transaction() {
    let limits = [
        ("socket.timeout.ms", "60000"),
        ("message.timeout.ms", "60000"),
        ("transaction.timeout.ms", "5000"),
        ("linger.ms", "20000"),
    ];
    bench_with(&limits).open();
}

#[test]
fn producers_that_hang_are_left_behind_only_so_often() {
    let mut bench = bench();
    bench.open();
    let hanging = Arc::clone(bench.producer.producer.as_ref().unwrap());
    let left = || std::iter::repeat_n(Arc::downgrade(&hanging), LEFT_BEHIND);
    bench.producer.left.extend(left());
    let fault = bench.producer.open().unwrap_err();
    assert_eq!((fault.call, fault.fatal), (Call::Create, true), "{fault}");
    bench.producer.left.truncate(LEFT_BEHIND - 1);
    bench.open();
}
