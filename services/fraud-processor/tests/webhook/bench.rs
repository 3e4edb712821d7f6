//! A database with alerts, and dispatchers over it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use fraud_processor::Endpoint;
use fraud_processor::backoff::Backoff;
use fraud_processor::dispatcher::{Dispatcher, Options};
use fraud_processor::metrics::Metrics;
use fraud_processor::webhook::Webhook;
use prometheus::{Registry, TextEncoder};
use service::clock;
use settings::{Environment, Reading};
use store::testing::Fresh;
use store::{Advance, AlertRow, Batch, Database as _, Partition, RowKey, Store, Table};
use tempfile::TempDir;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// No test waits longer for one thing.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// A fresh database.
pub struct Bench {
    pub database: Fresh,
    pub store: Store,
    _directory: TempDir,
}

impl Bench {
    pub async fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let database = Fresh::any(directory.path()).await;
        Self {
            store: database.store().await,
            database,
            _directory: directory,
        }
    }

    /// Raises so many alerts, `payments/0/0` and on.
    pub async fn raise(&self, count: i64) {
        let partition = Partition {
            topic: "fraud_payments".into(),
            topic_id: "AAAAAAAAAAAAAAAAAAAAAB".into(),
            partition: 0,
        };
        let claim = self
            .store
            .claim("fraud-processor", &partition, "test")
            .await
            .unwrap();
        let from = claim.next_offset.unwrap_or_default();
        let alerts = (from..from + count).map(|offset| AlertRow {
            key: RowKey {
                topic_id: "AAAAAAAAAAAAAAAAAAAAAA".into(),
                topic: "payments".into(),
                partition: 0,
                offset,
            },
            body: body(offset),
            created_at: clock::now_ms(),
        });
        let batch = Batch {
            sink: "fraud-processor".into(),
            cluster_id: "cluster".into(),
            advances: vec![Advance {
                partition,
                epoch: claim.epoch,
                from: claim.next_offset,
                to: from + count,
            }],
            table: Table::Fraud,
            payments: Vec::new(),
            alerts: alerts.collect(),
            dead_letters: Vec::new(),
        };
        let _ = self.store.commit(&batch).await.unwrap();
    }

    /// How many alerts are in this state.
    pub async fn count(&self, state: &str) -> i64 {
        let query = format!("SELECT COUNT(*) FROM alerts WHERE state = '{state}'");
        self.database.number(&query).await.unwrap()
    }

    /// The error that the first alert has in this state.
    pub async fn error(&self, state: &str) -> Option<String> {
        let query = format!(
            "SELECT last_error FROM alerts WHERE state = '{state}' ORDER BY source_offset LIMIT 1"
        );
        self.database.text(&query).await
    }

    /// Waits until so many alerts, or more, are in this state.
    pub async fn wait_for(&self, state: &str, count: i64) {
        until(&format!("{count} alerts are {state}"), async || {
            self.count(state).await >= count
        })
        .await;
    }

    /// Starts a dispatcher with options as a service has them, but faster.
    pub fn dispatch(&self, variables: &[(&str, &str)]) -> Running {
        self.dispatch_with(variables, |_| {})
    }

    /// The same, with options of the test's own.
    pub fn dispatch_with(
        &self,
        variables: &[(&str, &str)],
        change: impl FnOnce(&mut Options),
    ) -> Running {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let webhook = Webhook::new(endpoint(variables)).unwrap();
        let mut options = Options::standard(&webhook, clock::now_ms);
        let backoff = Backoff {
            first: Duration::from_millis(5),
            longest: Duration::from_millis(20),
        };
        options.owner = format!("dispatcher {}", NUMBER.fetch_add(1, Ordering::Relaxed));
        options.poll = Duration::from_millis(10);
        options.alert_backoff = backoff;
        options.receiver_backoff = backoff;
        options.database_backoff = backoff;
        change(&mut options);
        let (registry, stop) = (Registry::new(), CancellationToken::new());
        let metrics = Metrics::register(&registry, true).unwrap();
        let raised = Arc::<Notify>::default();
        let dispatcher = Dispatcher::new(
            self.store.clone(),
            webhook,
            metrics,
            Arc::clone(&raised),
            options,
        );
        Running {
            raised,
            registry,
            work: Some(tokio::spawn(dispatcher.run(stop.clone()))),
            stop,
        }
    }
}

/// A dispatcher at work. Dropping it kills it where it stands.
pub struct Running {
    pub raised: Arc<Notify>,
    pub stop: CancellationToken,
    registry: Registry,
    work: Option<JoinHandle<()>>,
}

impl Running {
    /// Tells it to end, and waits until it has.
    pub async fn end(&mut self) {
        self.stop.cancel();
        if let Some(work) = self.work.take() {
            tokio::time::timeout(DEADLINE, work)
                .await
                .expect("ends in time")
                .unwrap();
        }
    }

    /// The value of a line of `/metrics`.
    pub fn metric(&self, line: &str) -> f64 {
        let text = TextEncoder::new()
            .encode_to_string(&self.registry.gather())
            .unwrap();
        let value = text
            .lines()
            .find_map(|found| found.strip_prefix(line)?.strip_prefix(' '));
        value
            .unwrap_or_else(|| panic!("no {line} in {text}"))
            .parse()
            .unwrap()
    }

    /// How many alerts took this step.
    pub fn alerts(&self, state: &str) -> f64 {
        self.metric(&format!("fraudstream_alerts_total{{state=\"{state}\"}}"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(work) = &self.work {
            work.abort();
        }
    }
}

/// What the alert of this offset says.
pub fn body(offset: i64) -> String {
    format!(r#"{{"id":"payments/0/{offset}","who":"엄마 🍜"}}"#)
}

/// An endpoint from variables, as the service would read it.
pub fn endpoint(variables: &[(&str, &str)]) -> Endpoint {
    let environment = Environment::from_iter(variables.iter().copied());
    let mut reading = Reading::new(&environment);
    let endpoint = Endpoint::read(&mut reading);
    let (endpoint, _) = reading
        .finish(endpoint, &[Endpoint::VARIABLES], &[])
        .unwrap();
    endpoint.expect("a URL")
}

/// Waits until it is so.
pub async fn until(what: &str, so: impl AsyncFn() -> bool) {
    let end = Instant::now() + DEADLINE;
    while !so().await {
        assert!(Instant::now() < end, "it never came to be that {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
