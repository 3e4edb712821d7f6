//! How far a service is.

use std::fmt;

use super::System;
use crate::failure::{Failure, Outcome};
use crate::kafka::{Isolation, PARTITIONS};
use crate::service::Service;

/// A consumer's position over all partitions, against all that was written: a transaction that is open hides what follows
/// it from the consumer, but the payments wait all the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// The sum of the next offsets.
    pub position: i64,
    /// The sum of the ends.
    pub end: i64,
    /// What lies between. Offsets of transaction markers count: they are a handful.
    pub lag: i64,
    /// The same on the partition where it is most.
    pub worst: i64,
}

impl Standing {
    fn new(positions: &[i64], ends: &[i64]) -> Self {
        let pairs = positions.iter().zip(ends);
        let lags: Vec<i64> = pairs
            .map(|(position, end)| (end - position).max(0))
            .collect();
        Self {
            position: positions.iter().sum(),
            end: ends.iter().sum(),
            lag: lags.iter().sum(),
            worst: lags.iter().copied().max().unwrap_or(0),
        }
    }
}

impl System {
    /// How far a service is: by the group's committed offsets for the detector, by what the
    /// database has for a processor.
    pub fn standing(&self, service: Service) -> Outcome<Standing> {
        let topic = self.names.topic(service);
        let positions = match service {
            Service::Producer => return Err(Failure::new("a producer has no position")),
            Service::Detector => self.kafka.positions(topic)?,
            Service::Fraud | Service::Legit => self.database.positions(topic, PARTITIONS)?,
        };
        let ends = self.kafka.ends(topic, Isolation::Uncommitted)?;
        Ok(Standing::new(&positions, &ends))
    }

    /// How far all consumers are, on one line.
    pub fn standings(&self) -> String {
        let of = |service| match self.standing(service) {
            Ok(standing) => format!("{service} {standing}"),
            Err(failure) => format!("{service} unknown ({failure})"),
        };
        Service::CONSUMERS.map(of).join("; ")
    }

    /// Rows of payments, over both tables.
    pub fn stored(&self) -> Outcome<u64> {
        Ok(self.database.count("fraud_payments")? + self.database.count("legit_payments")?)
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            position, end, lag, ..
        } = self;
        write!(f, "position {position} of {end}, lag {lag}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lag_is_counted_by_partition() {
        let standing = Standing::new(&[5, 0, 7], &[10, 3, 7]);
        assert_eq!(standing.to_string(), "position 12 of 20, lag 8");
    }
}
