//! The metrics of alerts.

use prometheus::{Histogram, HistogramOpts, IntCounterVec, IntGauge, Opts, Registry};

/// What happened to an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It was stored.
    Raised,
    /// The webhook has it.
    Delivered,
    /// The webhook refused it for good.
    Failed,
    /// A try failed, and there will be another.
    Retried,
}

/// Registered once for the service.
#[derive(Debug, Clone)]
pub struct Metrics {
    alerts: IntCounterVec,
    /// From when an alert was raised until the webhook had it, in seconds.
    pub(crate) delivery_seconds: Histogram,
    /// Alerts that wait to be delivered.
    pub(crate) pending: IntGauge,
    /// 1 while the webhook answers, or has not been asked yet.
    pub(crate) answers: IntGauge,
}

impl Step {
    const ALL: [Self; 4] = [Self::Raised, Self::Delivered, Self::Failed, Self::Retried];

    fn as_str(self) -> &'static str {
        match self {
            Self::Raised => "raised",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Retried => "retried",
        }
    }
}

impl Metrics {
    /// Registers everything; the counter exists at 0 for every state. What only a dispatcher knows is left out where there is none:
    /// a gauge that nobody sets would claim that no alert waits.
    ///
    /// # Errors
    /// When the registry already has one of the names.
    pub fn register(registry: &Registry, dispatches: bool) -> Result<Self, prometheus::Error> {
        let opts = |name: &str, help: &str| Opts::new(format!("fraudstream_{name}"), help);
        let metrics = Self {
            alerts: IntCounterVec::new(
                opts(
                    "alerts_total",
                    "alerts stored (raised), taken by the webhook (delivered), refused by it for good (failed), and failed tries that will be repeated (retried)",
                ),
                &["state"],
            )?,
            delivery_seconds: Histogram::with_opts(
                HistogramOpts::from(opts(
                    "alert_delivery_seconds",
                    "from when an alert was raised until the webhook had it",
                ))
                .buckets(vec![
                    0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0,
                    3600.0,
                ]),
            )?,
            pending: IntGauge::with_opts(opts(
                "alerts_pending",
                "alerts that wait to be delivered, by all replicas; counted up to 100000",
            ))?,
            answers: IntGauge::with_opts(opts(
                "webhook_answers",
                "whether the webhook answered when it was last sent alerts, 1 or 0",
            ))?,
        };
        for step in Step::ALL {
            metrics.alerts.with_label_values(&[step.as_str()]);
        }
        metrics.answers.set(1);
        registry.register(Box::new(metrics.alerts.clone()))?;
        if dispatches {
            registry.register(Box::new(metrics.delivery_seconds.clone()))?;
            registry.register(Box::new(metrics.pending.clone()))?;
            registry.register(Box::new(metrics.answers.clone()))?;
        }
        Ok(metrics)
    }

    /// Counts an alert.
    pub fn count(&self, step: Step) {
        self.alerts.with_label_values(&[step.as_str()]).inc();
    }
}

#[cfg(test)]
mod tests {
    use prometheus::TextEncoder;

    use super::*;

    fn shown(dispatches: bool) -> String {
        let registry = Registry::new();
        Metrics::register(&registry, dispatches)
            .unwrap()
            .count(Step::Raised);
        TextEncoder::new()
            .encode_to_string(&registry.gather())
            .unwrap()
    }

    #[test]
    fn every_state_is_there_from_the_start() {
        let text = shown(true);
        for line in [
            "fraudstream_alerts_total{state=\"raised\"} 1",
            "fraudstream_alerts_total{state=\"delivered\"} 0",
            "fraudstream_alerts_total{state=\"failed\"} 0",
            "fraudstream_alerts_total{state=\"retried\"} 0",
            "fraudstream_alert_delivery_seconds_count 0",
            "fraudstream_alerts_pending 0",
            "fraudstream_webhook_answers 1",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
    }

    #[test]
    fn what_nobody_measures_is_not_shown() {
        let text = shown(false);
        assert!(text.contains("fraudstream_alerts_total{state=\"raised\"} 1"));
        assert!(!text.contains("pending") && !text.contains("webhook_answers"));
    }
}
