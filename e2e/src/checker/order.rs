//! Whether an account's payments are still in their order.

use std::collections::HashMap;

use rdkafka::message::Message as _;

use super::{Findings, Kind, digest};
use crate::kafka::{Record, header};

/// Of each account and partition of `payments`: where on one output topic its records are, and its newest source there.
/// Whoever reads that partition sees them in the order in which they were written, so there must not be a second one.
#[derive(Default)]
pub struct Order(HashMap<(u64, String), (i32, i64)>);

impl Order {
    /// The next record of the topic. One without an account has no order.
    pub fn see(&mut self, record: &Record<'_>, findings: &mut Findings) {
        if let (Some(account), Some(source)) = (record.key(), header(record, "fs-source")) {
            self.note(digest(Some(account)), source, record.partition(), findings);
        }
    }

    fn note(&mut self, account: u64, source: &str, place: i32, findings: &mut Findings) {
        let Some((partition, offset)) = source.rsplit_once('/') else {
            return;
        };
        let Ok(offset) = offset.parse() else {
            return;
        };
        let newest = self.0.entry((account, partition.to_owned()));
        let (home, newest) = newest.or_insert((place, offset));
        // Equal ones are doubled, which is counted elsewhere.
        if offset < *newest {
            findings.add(Kind::Reordered, &format!("{source} after {newest}"));
        }
        if place != *home {
            let places = format!("{source} in partition {place}, not {home}");
            findings.add(Kind::Reordered, &places);
        }
        *newest = offset.max(*newest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(seen: &[(u64, &str, i32)], expected: &[Kind]) {
        let (mut order, mut findings) = (Order::default(), Findings::default());
        for (account, source, place) in seen {
            order.note(*account, source, *place, &mut findings);
        }
        assert_eq!(findings.kinds(), expected, "{seen:?}");
    }

    #[test]
    fn an_account_stays_in_its_order() {
        check(&[(1, "payments/0/5", 3), (1, "payments/0/7", 3)], &[]);
        check(&[(1, "payments/0/7", 3), (2, "payments/0/5", 4)], &[]);
        check(
            &[(1, "payments/0/7", 3), (1, "payments/0/5", 3)],
            &[Kind::Reordered],
        );
        check(
            &[(1, "payments/0/5", 3), (1, "payments/0/7", 4)],
            &[Kind::Reordered],
        );
    }
}
