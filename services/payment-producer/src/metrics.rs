//! The producer's metrics.

use kafka::Cause;
use prometheus::{Gauge, IntCounter, IntCounterVec, IntGauge, Opts, Registry};

/// Registered once for the service.
#[derive(Debug, Clone)]
pub struct Metrics {
    /// Payments that the brokers acknowledged.
    pub produced: IntCounter,
    lost: IntCounterVec,
    /// Turns at which the queue had no room.
    pub queue_full: IntCounter,
    /// Payments that were sent and are not acknowledged.
    pub waiting: IntGauge,
    /// How late the payment is that is to be sent next.
    pub late_seconds: Gauge,
}

impl Metrics {
    /// Registers everything; every counter exists at 0 for every value of its closed labels.
    ///
    /// # Errors
    /// When the registry already has one of the names.
    pub fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let opts = |name: &str, help: &str| Opts::new(format!("fraudstream_{name}"), help);
        let metrics = Self {
            produced: IntCounter::with_opts(opts(
                "payments_produced_total",
                "payments that the brokers acknowledged",
            ))?,
            lost: IntCounterVec::new(
                opts(
                    "payments_lost_total",
                    "payments that could not be delivered, by cause",
                ),
                &["cause"],
            )?,
            queue_full: IntCounter::with_opts(opts(
                "producer_queue_full_total",
                "times that a payment had to wait for room in the queue",
            ))?,
            waiting: IntGauge::with_opts(opts(
                "producer_waiting_payments",
                "payments that were sent and are not acknowledged",
            ))?,
            late_seconds: Gauge::with_opts(opts(
                "producer_late_seconds",
                "how late the next payment is, 0 when none is due",
            ))?,
        };
        for cause in Cause::ALL {
            metrics.lost.with_label_values(&[cause.as_str()]);
        }
        registry.register(Box::new(metrics.produced.clone()))?;
        registry.register(Box::new(metrics.lost.clone()))?;
        registry.register(Box::new(metrics.queue_full.clone()))?;
        registry.register(Box::new(metrics.waiting.clone()))?;
        registry.register(Box::new(metrics.late_seconds.clone()))?;
        Ok(metrics)
    }

    /// A payment is lost.
    pub fn lost(&self, cause: Cause) {
        self.lost.with_label_values(&[cause.as_str()]).inc();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_counter_exists_at_0_from_the_start() {
        let registry = Registry::new();
        Metrics::register(&registry).unwrap();
        let families = registry.gather();
        let lost = families
            .iter()
            .find(|family| family.name() == "fraudstream_payments_lost_total")
            .unwrap();
        assert_eq!(lost.get_metric().len(), Cause::ALL.len());
        assert!(
            families
                .iter()
                .any(|family| family.name() == "fraudstream_payments_produced_total")
        );
    }
}
