//! What everything is called.

use crate::service::Service;

/// What topics, groups and the database of one system are called.
#[derive(Debug, Clone)]
pub struct Names {
    /// Payments as they come in.
    pub payments: String,
    /// Payments judged as fraud.
    pub fraud: String,
    /// The others.
    pub legit: String,
    /// Records that nobody can read.
    pub dead: String,
    /// The database.
    pub database: String,
    /// In front of the names of its groups.
    group_prefix: String,
}

impl Names {
    /// Of a system of our own, which has `prefix` in front of everything.
    pub fn prefixed(prefix: &str) -> Self {
        let topic = |role: &str| format!("{prefix}-{role}");
        Self {
            payments: topic("payments"),
            fraud: topic("fraud"),
            legit: topic("legit"),
            dead: topic("dlq"),
            database: format!("fraudstream_{}", prefix.replace('-', "_")),
            group_prefix: format!("{prefix}-"),
        }
    }

    /// What the services call everything when nobody tells them otherwise.
    pub fn plain() -> Self {
        Self {
            payments: "payments".to_owned(),
            fraud: "fraud_payments".to_owned(),
            legit: "legit_topic".to_owned(),
            dead: "payments_dlq".to_owned(),
            database: "fraudstream".to_owned(),
            group_prefix: String::new(),
        }
    }

    /// The consumer group of a service.
    pub fn group(&self, service: Service) -> String {
        format!("{}{service}", self.group_prefix)
    }

    /// The topic that a service consumes, or for the producer writes.
    pub fn topic(&self, service: Service) -> &str {
        match service {
            Service::Producer | Service::Detector => &self.payments,
            Service::Fraud => &self.fraud,
            Service::Legit => &self.legit,
        }
    }
}
