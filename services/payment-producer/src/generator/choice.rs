//! How often what happens. Weights are parts of their table's sum.

use rand::RngExt as _;
use rand::rngs::ChaCha12Rng;

/// A fifth is fraud by the default rules, so that a small demonstration has something to show.
pub(super) const PAYMENT_TYPES: &[(u32, &str)] =
    &[(45, "VISA"), (35, "MASTERCARD"), (20, "BITCOIN")];

/// With the share of bitcoin above, one payment in 25 alerts.
pub(super) const RECIPIENTS: &[(u32, &str)] = &[
    (20, "ME"),
    (15, "MOM"),
    (15, "DAD"),
    (30, "FRIEND"),
    (20, "STRANGER"),
];

/// Ranges of amounts in hundredths, both ends included: many small ones, few large ones.
pub(super) const AMOUNTS: &[(u32, (u64, u64))] = &[
    (50, (100, 2_000)),
    (35, (2_001, 10_000)),
    (12, (10_001, 50_000)),
    (3, (50_001, 500_000)),
];

/// How many of a hundred amounts are whole units.
pub(super) const WHOLE_PERCENT: u32 = 40;

/// Country and currency of an account, by parts of a hundred accounts. The currencies are of one size, so that their sums still
/// mean something.
pub(super) const HOMES: &[(u32, (&str, &str))] = &[
    (50, ("US", "USD")),
    (25, ("DE", "EUR")),
    (15, ("GB", "GBP")),
    (10, ("CH", "CHF")),
];

/// Draws from a table; `None` only from one without weight.
pub(super) fn pick<'t, T>(random: &mut ChaCha12Rng, table: &'t [(u32, T)]) -> Option<&'t T> {
    let sum: u32 = table.iter().map(|(weight, _)| weight).sum();
    at(table, random.random_range(0..sum.max(1)))
}

/// What stands at `place` when every entry is as long as its weight.
pub(super) fn at<T>(table: &[(u32, T)], mut place: u32) -> Option<&T> {
    for (weight, value) in table {
        if place < *weight {
            return Some(value);
        }
        place -= weight;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_is_as_long_as_its_weight() {
        let table = [(2, 'a'), (0, 'b'), (1, 'c')];
        let places: Vec<_> = (0..4).map(|place| at(&table, place)).collect();
        assert_eq!(places, [Some(&'a'), Some(&'a'), Some(&'c'), None]);
    }

    #[test]
    fn every_table_is_in_percent() {
        fn sum<T>(table: &[(u32, T)]) -> u32 {
            table.iter().map(|(weight, _)| weight).sum()
        }
        assert_eq!(
            [
                sum(PAYMENT_TYPES),
                sum(RECIPIENTS),
                sum(AMOUNTS),
                sum(HOMES)
            ],
            [100; 4]
        );
    }
}
