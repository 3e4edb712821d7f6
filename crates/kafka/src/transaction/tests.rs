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
    let config = Config::plaintext(cluster.bootstrap_servers());
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
