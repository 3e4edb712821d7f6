//! What becomes of a legitimate payment.

use payment::{Payment, PaymentType, Provenance};
use sink::{Shelf, Shelved};
use store::{PaymentRow, RowKey, State, Table};

/// Sorts payments by the card they were made with.
#[derive(Debug, Default)]
pub struct Cards(());

impl Shelf for Cards {
    const TABLE: Table = Table::Legit;

    fn shelve(
        &mut self,
        payment: &Payment<'_>,
        _provenance: Option<&Provenance<'_>>,
        _key: &RowKey,
    ) -> Shelved {
        Shelved {
            state: state(payment.kind()),
            alert: None,
        }
    }

    /// Counted by the sink; the state of each stands in its row.
    fn stored(&mut self, _rows: &[PaymentRow]) {}
}

fn state(kind: PaymentType) -> State {
    match kind {
        PaymentType::Visa => State::Visa,
        PaymentType::Mastercard => State::Mastercard,
        // BITCOIN comes here only when no rule calls it fraud, and nobody here can process it either.
        PaymentType::Bitcoin | PaymentType::Other => State::Unprocessable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_are_named_and_everything_else_is_unprocessable() {
        for (payment_type, expected) in [
            ("VISA", State::Visa),
            ("MASTERCARD", State::Mastercard),
            ("BITCOIN", State::Unprocessable),
            ("visa", State::Unprocessable),
            ("PAYPAL", State::Unprocessable),
        ] {
            assert_eq!(
                state(PaymentType::from(payment_type)),
                expected,
                "{payment_type}"
            );
        }
    }
}
