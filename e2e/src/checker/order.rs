//! Whether an account's payments are still in their order.

use std::collections::HashMap;

use rdkafka::message::Message as _;

use super::{Findings, Kind, digest};
use crate::kafka::{Record, header};

/// The newest source of each account on one output topic. A reader sees an account's records in the order in which they
/// were written, since all of them are in one partition.
#[derive(Default)]
pub struct Order(HashMap<(u64, String), i64>);

impl Order {
    /// The next record of the topic. One without an account has no order.
    pub fn see(&mut self, record: &Record<'_>, findings: &mut Findings) {
        if let (Some(account), Some(source)) = (record.key(), header(record, "fs-source")) {
            self.note(digest(Some(account)), source, findings);
        }
    }

    fn note(&mut self, account: u64, source: &str, findings: &mut Findings) {
        let Some((partition, offset)) = source.rsplit_once('/') else {
            return;
        };
        let Ok(offset) = offset.parse() else {
            return;
        };
        let newest = self.0.entry((account, partition.to_owned()));
        let newest = newest.or_insert(offset);
        // Equal ones are doubled, which is counted elsewhere.
        if offset < *newest {
            findings.add(Kind::Reordered, &format!("{source} after {newest}"));
        }
        *newest = offset.max(*newest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(seen: &[(u64, &str)], expected: &[Kind]) {
        let (mut order, mut findings) = (Order::default(), Findings::default());
        for (account, source) in seen {
            order.note(*account, source, &mut findings);
        }
        assert_eq!(findings.kinds(), expected, "{seen:?}");
    }

    #[test]
    fn an_account_stays_in_its_order() {
        check(&[(1, "payments/0/5"), (1, "payments/0/7")], &[]);
        check(&[(1, "payments/0/7"), (2, "payments/0/5")], &[]);
        check(
            &[(1, "payments/0/7"), (1, "payments/0/5")],
            &[Kind::Reordered],
        );
    }
}
