//! One of the two sides of an account: what the topics hold of a log's payments, or what the tables hold.

use roaring::RoaringTreemap;

/// Where a payment can be on either side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// On the topic, or in the table, of fraud.
    Fraud,
    /// On the topic, or in the table, of legitimate payments.
    Legit,
    /// A dead letter: on the DLQ, or in the table `dead_letters`.
    Dead,
}

/// Offsets by [`Kind`]. What is legitimate needs no bitmap: it is the rest.
///
/// `any` is nearly without gaps, so that run-length coding makes it next to nothing, and `dead` and `twice` are sparse. What costs
/// is `fraud`: at worst one bit for each payment.
#[derive(Debug, Default)]
pub(super) struct Side {
    /// Everything that this side holds.
    pub any: RoaringTreemap,
    /// The part that is fraud.
    pub fraud: RoaringTreemap,
    /// The part that is dead letters.
    pub dead: RoaringTreemap,
    /// What came more than once. It stays what it was the first time.
    pub twice: RoaringTreemap,
}

impl Side {
    /// Notes that the side holds the payment; false when it was there already.
    pub fn note(&mut self, kind: Kind, offset: u64) -> bool {
        if !self.any.insert(offset) {
            self.twice.insert(offset);
            return false;
        }
        match kind {
            Kind::Fraud => self.fraud.insert(offset),
            Kind::Legit => true,
            Kind::Dead => self.dead.insert(offset),
        }
    }

    /// What the payment was when it came first.
    pub fn kind(&self, offset: u64) -> Option<Kind> {
        if !self.any.contains(offset) {
            None
        } else if self.fraud.contains(offset) {
            Some(Kind::Fraud)
        } else if self.dead.contains(offset) {
            Some(Kind::Dead)
        } else {
            Some(Kind::Legit)
        }
    }

    /// Codes runs as runs.
    pub fn compact(&mut self) {
        for bitmap in [
            &mut self.any,
            &mut self.fraud,
            &mut self.dead,
            &mut self.twice,
        ] {
            bitmap.optimize();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_twice_stays_what_it_was_first() {
        let mut side = Side::default();
        assert!(side.note(Kind::Legit, 7));
        assert!(!side.note(Kind::Fraud, 7));
        assert_eq!(side.kind(7), Some(Kind::Legit));
        assert!(side.twice.contains(7));
        assert!(side.note(Kind::Fraud, 8) && side.note(Kind::Dead, 9));
        assert_eq!(
            (side.kind(8), side.kind(9), side.kind(6)),
            (Some(Kind::Fraud), Some(Kind::Dead), None)
        );
    }

    #[test]
    fn compacting_forgets_nothing() {
        let mut side = Side::default();
        (0..100_000).for_each(|offset| {
            side.note(Kind::Legit, offset);
        });
        let before = side.any.clone();
        side.compact();
        assert_eq!(side.any, before);
        assert!(!side.note(Kind::Legit, 5) && side.note(Kind::Legit, 100_000));
    }
}
