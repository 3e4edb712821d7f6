//! The books as gauges. Dashboards and alerts go by these: a process's own counters lose their last increments when it is killed.

use prometheus::{IntCounterVec, IntGauge, Opts, Registry};

use super::books::{Balance, Totals};

/// Registered once by `audit --follow`.
#[derive(Debug, Clone)]
pub struct Metrics {
    totals: [Gauge; 8],
    balanced: IntGauge,
    updated: IntGauge,
    rounds: IntCounterVec,
}

/// A gauge, and which of the numbers it shows.
type Gauge = (IntGauge, fn(&Totals) -> u64);

/// How a round ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Balanced,
    Unbalanced,
    Unknown,
}

impl Outcome {
    const ALL: [Self; 3] = [Self::Balanced, Self::Unbalanced, Self::Unknown];

    fn label(self) -> &'static str {
        match self {
            Self::Balanced => "balanced",
            Self::Unbalanced => "unbalanced",
            Self::Unknown => "unknown",
        }
    }
}

impl Metrics {
    /// Registers everything.
    ///
    /// # Errors
    /// When the registry already has one of the names.
    pub fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let gauge = |name: &str, help: &str| -> Result<IntGauge, prometheus::Error> {
            let gauge = IntGauge::with_opts(Opts::new(format!("fraudstream_books_{name}"), help))?;
            registry.register(Box::new(gauge.clone()))?;
            Ok(gauge)
        };
        let rounds = Opts::new(
            "fraudstream_books_rounds_total",
            "readings of everything, by how they ended",
        );
        let rounds = IntCounterVec::new(rounds, &["outcome"])?;
        for outcome in Outcome::ALL {
            rounds.with_label_values(&[outcome.label()]);
        }
        registry.register(Box::new(rounds.clone()))?;
        Ok(Self {
            totals: [
                (gauge("produced", "records in payments")?, |totals| {
                    totals.produced
                }),
                (
                    gauge("fraud", "payments with a row in fraud_payments")?,
                    |totals| totals.fraud,
                ),
                (
                    gauge("legit", "payments with a row in legit_payments")?,
                    |totals| totals.legit,
                ),
                (
                    gauge(
                        "dead_lettered",
                        "payments with a row in dead_letters, or on the DLQ",
                    )?,
                    |totals| totals.dead_lettered,
                ),
                (
                    gauge("in_flight", "payments not yet decided or not yet stored")?,
                    |totals| totals.in_flight,
                ),
                (gauge("missing", "payments that are gone")?, |totals| {
                    totals.missing
                }),
                (
                    gauge("doubled", "payments that are somewhere more than once")?,
                    |totals| totals.doubled,
                ),
                (
                    gauge("foreign", "records on outputs and DLQ that are not ours")?,
                    |totals| totals.foreign,
                ),
            ],
            balanced: gauge(
                "balanced",
                "1 when everything added up in the last reading, else 0",
            )?,
            updated: gauge(
                "updated_timestamp_seconds",
                "when the last reading that could tell ended, since 1970 UTC",
            )?,
            rounds,
        })
    }

    /// A reading could tell.
    pub fn told(&self, balance: &Balance, now_ms: i64) {
        for (gauge, total) in &self.totals {
            gauge.set(i64::try_from(total(&balance.totals)).unwrap_or(i64::MAX));
        }
        self.balanced.set(i64::from(balance.is_even()));
        self.updated.set(now_ms / 1000);
        self.ended(if balance.is_even() {
            Outcome::Balanced
        } else {
            Outcome::Unbalanced
        });
    }

    /// A reading could not tell: what was told before stands.
    pub fn could_not_tell(&self) {
        self.ended(Outcome::Unknown);
    }

    fn ended(&self, outcome: Outcome) {
        self.rounds.with_label_values(&[outcome.label()]).inc();
    }
}
