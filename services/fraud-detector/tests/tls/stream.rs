//! The topics and the variables of one detector, and payments that go through them.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::Arc;

use kafka::{
    Connection, Limits, LogReader, Loss, NewRecord, Producer, Publish as _, Reports, Span,
};
use service::testing::{DEADLINE, until};
use settings::{Environment, Reading};

const BITCOIN: &str = r#"{"DATE": "01/28/2022", "TIME": "14:03:07", "PAYMENTTYPE": "BITCOIN", "AMOUNT": 57, "WHO": "STRANGER"}"#;

/// What is a detector's own.
pub struct Stream {
    name: String,
    security: Vec<(String, String)>,
}

/// A payment that is lost fails the test.
struct NoLoss;

impl Reports for NoLoss {
    fn delivered(&self) {}

    fn lost(&self, loss: Loss) {
        panic!("a payment was lost: {loss}");
    }
}

impl Stream {
    /// Topics and a group of its own, which are reached by these variables.
    pub fn new<'a>(security: impl IntoIterator<Item = (&'a str, String)>) -> Self {
        let random = RandomState::new().build_hasher().finish() as u32;
        let owned = |(name, value): (&str, String)| (name.to_owned(), value);
        Self {
            name: format!("tls-{random:08x}"),
            security: security.into_iter().map(owned).collect(),
        }
    }

    /// Everything that a detector is told.
    pub fn variables(&self) -> Vec<(String, String)> {
        let own = |variable: &str, what: &str| (variable.to_owned(), self.topic(what));
        let mut variables = vec![
            own("TOPIC_PAYMENTS", "payments"),
            own("TOPIC_FRAUD", "fraud"),
            own("TOPIC_LEGIT", "legit"),
            own("TOPIC_DLQ", "dlq"),
            own("KAFKA_GROUP_ID", "group"),
        ];
        let rest = [
            ("TOPIC_PARTITIONS", "1"),
            ("TOPIC_REPLICATION_FACTOR", "-1"),
            ("TOPIC_MIN_INSYNC_REPLICAS", "-1"),
        ];
        variables.extend(rest.map(|(name, value)| (name.to_owned(), value.to_owned())));
        variables.extend(self.security.iter().cloned());
        variables
    }

    /// Sends a payment by Bitcoin and waits until it is, as often as was `sent`, among the frauds.
    pub fn decides(&self, sent: usize) {
        let config = self.config();
        let producer = Producer::create(&config, Arc::new(Connection::default()), Arc::new(NoLoss));
        let producer = producer.expect("a producer");
        let payment = NewRecord {
            topic: &self.topic("payments"),
            key: None,
            payload: BITCOIN.as_bytes(),
            timestamp_ms: 0,
        };
        producer.publish(&payment).expect("taken");
        assert!(producer.flush(DEADLINE), "the payment was not delivered");

        until(|| match self.frauds(&config) {
            decided if decided >= sent => Ok(()),
            decided => Err(format!("decided {decided} payments of {sent}")),
        });
        assert_eq!(self.frauds(&config), sent);
    }

    /// Counts the committed records of the topic of frauds, each of which must be what was sent.
    fn frauds(&self, config: &kafka::Config) -> usize {
        let topic = self.topic("fraud");
        let limits = Limits::within(DEADLINE, Default::default());
        let reader = LogReader::open(config, &self.name).expect("a reader");
        let marks = reader.watermarks(&topic, &[0], &limits).expect("an end");
        let span = Span {
            partition: 0,
            from: 0,
            to: marks[0].stable,
        };
        let mut count = 0;
        let each = |record: &kafka::Record<'_>| {
            assert_eq!(record.payload, Some(BITCOIN.as_bytes()));
            count += 1;
        };
        reader.read(&topic, &[span], &limits, each).expect("read");
        count
    }

    /// The library's own reading of the variables that the detector gets.
    pub fn config(&self) -> kafka::Config {
        let environment = Environment::from_iter(self.security.iter().cloned());
        let mut reading = Reading::new(&environment);
        let config = kafka::Config::read(&mut reading);
        let read = reading.finish(config, &[kafka::Config::VARIABLES], &[]);
        read.expect("a configuration").0
    }

    fn topic(&self, what: &str) -> String {
        format!("{}-{what}", self.name)
    }
}
