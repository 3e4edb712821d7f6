//! The metrics of this crate.

use prometheus::{Gauge, Histogram, HistogramOpts, IntCounterVec, IntGaugeVec, Opts, Registry};

use crate::context::Rebalance;
use crate::fault::Fate;
use crate::lag::Lag;

/// Registered once for each service.
#[derive(Debug, Clone)]
pub struct Metrics {
    transactions: IntCounterVec,
    rebalances: IntCounterVec,
    lag: IntGaugeVec,
    /// Age of the last committed record at its commit, in seconds.
    pub lag_seconds: Gauge,
    /// From the start of a drain to the acknowledged commit, in seconds.
    pub commit_seconds: Histogram,
    halted: IntGaugeVec,
}

/// How a transaction ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Committed.
    Committed,
    /// Aborted; its records are read again.
    Aborted,
    /// Given up with its producer; the broker knows how it ended.
    Recreated,
}

impl Outcome {
    const ALL: [Self; 3] = [Self::Committed, Self::Aborted, Self::Recreated];

    fn label(self) -> &'static str {
        match self {
            Self::Committed => "committed",
            Self::Aborted => "aborted",
            Self::Recreated => "recreated",
        }
    }
}

impl From<Fate> for Outcome {
    fn from(fate: Fate) -> Self {
        match fate {
            Fate::Repeat | Fate::Abort => Self::Aborted,
            Fate::Recreate => Self::Recreated,
        }
    }
}

impl Metrics {
    /// Registers everything, each closed label value at 0.
    ///
    /// # Errors
    /// When the registry already has one of the names.
    pub fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let opts = |name: &str, help: &str| Opts::new(format!("fraudstream_{name}"), help);
        let transactions = IntCounterVec::new(
            opts("transactions_total", "Kafka transactions by how they ended"),
            &["outcome"],
        )?;
        for outcome in Outcome::ALL {
            transactions.with_label_values(&[outcome.label()]);
        }
        let rebalances = IntCounterVec::new(
            opts("rebalances_total", "changes of the assignment by kind"),
            &["kind"],
        )?;
        for kind in ["assigned", "revoked", "lost"] {
            rebalances.with_label_values(&[kind]);
        }
        let lag = IntGaugeVec::new(
            opts(
                "consumer_lag_records",
                "records between the stored position and the end of the partition; the last known while it is paused",
            ),
            &["topic", "partition"],
        )?;
        let lag_seconds = Gauge::with_opts(opts(
            "consumer_lag_seconds",
            "age of the last committed record at its commit",
        ))?;
        let commit_seconds = Histogram::with_opts(
            HistogramOpts::from(opts(
                "commit_seconds",
                "from the start of a drain to the acknowledged commit",
            ))
            .buckets(vec![
                0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0,
            ]),
        )?;
        let halted = IntGaugeVec::new(
            opts(
                "partition_halted",
                "1 for a partition that is halted until somebody acts",
            ),
            &["topic", "partition"],
        )?;
        registry.register(Box::new(transactions.clone()))?;
        registry.register(Box::new(rebalances.clone()))?;
        registry.register(Box::new(lag.clone()))?;
        registry.register(Box::new(lag_seconds.clone()))?;
        registry.register(Box::new(commit_seconds.clone()))?;
        registry.register(Box::new(halted.clone()))?;
        Ok(Self {
            transactions,
            rebalances,
            lag,
            lag_seconds,
            commit_seconds,
            halted,
        })
    }

    pub(crate) fn ended(&self, outcome: Outcome) {
        self.transactions
            .with_label_values(&[outcome.label()])
            .inc();
    }

    /// The group changed the assignment. A partition that comes does not stand still, and says so from the start.
    pub fn rebalanced(&self, topic: &str, rebalance: &Rebalance) {
        if let Rebalance::Assigned(partitions) = rebalance {
            for partition in partitions {
                self.halted(topic, *partition, false);
            }
        }
        let kind = match rebalance {
            Rebalance::Assigned(_) => "assigned",
            Rebalance::Revoked { lost: false, .. } => "revoked",
            Rebalance::Revoked { lost: true, .. } => "lost",
        };
        self.rebalances.with_label_values(&[kind]).inc();
    }

    /// A partition stands still, or does not any more.
    pub fn halted(&self, topic: &str, partition: i32, halted: bool) {
        self.halted
            .with_label_values(&[topic, &partition.to_string()])
            .set(i64::from(halted));
    }

    pub(crate) fn lag_of(&self, topic: &str) -> Lag {
        Lag::new(self.lag.clone(), topic.to_owned())
    }
}
