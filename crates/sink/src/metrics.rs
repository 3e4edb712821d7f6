//! The metrics of a sink.

use payment::Reason;
use prometheus::{Histogram, HistogramOpts, IntCounter, IntCounterVec, Opts, Registry};
use store::{State, Table, UNSTORABLE};

use crate::row::BAD_HEADERS;

/// Registered once for the service.
#[derive(Debug, Clone)]
pub struct Metrics {
    stored: IntCounterVec,
    dead_letters: IntCounterVec,
    /// Records that were stored already, with equal bytes.
    pub(crate) duplicates: IntCounter,
    /// Calls to the database that were made again.
    pub(crate) database_retries: IntCounter,
    /// From a payment's own time until its row was committed, in seconds.
    pub(crate) stored_latency: Histogram,
    /// Batches that stored nothing because somebody else had taken a partition.
    pub(crate) fenced: IntCounter,
    table: &'static str,
}

impl Metrics {
    /// Registers everything; every counter exists at 0 for every value of its closed labels.
    ///
    /// # Errors
    /// When the registry already has one of the names.
    pub fn register(registry: &Registry, table: Table) -> Result<Self, prometheus::Error> {
        let opts = |name: &str, help: &str| Opts::new(format!("fraudstream_{name}"), help);
        let metrics = Self {
            stored: IntCounterVec::new(
                opts("payments_stored_total", "rows committed"),
                &["table", "state"],
            )?,
            dead_letters: IntCounterVec::new(
                opts(
                    "dead_letters_total",
                    "records that could not be read or stored",
                ),
                &["reason"],
            )?,
            duplicates: IntCounter::with_opts(opts(
                "duplicates_total",
                "records that were stored already, with equal bytes",
            ))?,
            database_retries: IntCounter::with_opts(opts(
                "database_retries_total",
                "calls to the database that were made again",
            ))?,
            stored_latency: Histogram::with_opts(
                HistogramOpts::from(opts(
                    "stored_latency_seconds",
                    "from a payment's own time until its row was committed",
                ))
                .buckets(vec![
                    0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0,
                    300.0,
                ]),
            )?,
            fenced: IntCounter::with_opts(opts(
                "batches_fenced_total",
                "batches that stored nothing because a partition was taken",
            ))?,
            table: match table {
                Table::Fraud => "fraud_payments",
                Table::Legit => "legit_payments",
            },
        };
        let states: &[State] = match table {
            Table::Fraud => &[State::Alert, State::Processing],
            Table::Legit => &[State::Visa, State::Mastercard, State::Unprocessable],
        };
        for state in states {
            metrics
                .stored
                .with_label_values(&[metrics.table, state.as_str()]);
        }
        for reason in Reason::ALL
            .iter()
            .map(|reason| reason.as_str())
            .chain([UNSTORABLE, BAD_HEADERS])
        {
            metrics.dead_letters.with_label_values(&[reason]);
        }
        registry.register(Box::new(metrics.stored.clone()))?;
        registry.register(Box::new(metrics.dead_letters.clone()))?;
        registry.register(Box::new(metrics.duplicates.clone()))?;
        registry.register(Box::new(metrics.database_retries.clone()))?;
        registry.register(Box::new(metrics.stored_latency.clone()))?;
        registry.register(Box::new(metrics.fenced.clone()))?;
        Ok(metrics)
    }

    pub(crate) fn stored(&self, state: State, rows: u64) {
        self.stored
            .with_label_values(&[self.table, state.as_str()])
            .inc_by(rows);
    }

    pub(crate) fn dead_lettered(&self, reason: &str, rows: u64) {
        self.dead_letters.with_label_values(&[reason]).inc_by(rows);
    }
}
