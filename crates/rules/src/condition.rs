//! What a rule asks of a payment.

use payment::{Payment, PaymentType, Recipient};

/// A compiled question: the text that operators read, and the closure that answers it.
///
/// The two stand side by side because the text is also what the rule set's fingerprint is taken from.
pub(crate) struct Condition {
    text: &'static str,
    holds: fn(&Payment<'_>) -> bool,
}

impl Condition {
    /// The payment is made in bitcoin.
    pub(crate) const BITCOIN: Condition = Condition {
        text: r#"PAYMENTTYPE == "BITCOIN""#,
        holds: |payment| payment.kind() == PaymentType::Bitcoin,
    };

    /// The payment is made in bitcoin to somebody unknown.
    pub(crate) const BITCOIN_TO_A_STRANGER: Condition = Condition {
        text: r#"PAYMENTTYPE == "BITCOIN" && WHO.upperAscii() == "STRANGER""#,
        holds: |payment| payment.kind() == PaymentType::Bitcoin && alerts_recipient(&payment.who),
    };

    pub(crate) fn text(&self) -> &str {
        self.text
    }

    pub(crate) fn holds(&self, payment: &Payment<'_>) -> bool {
        (self.holds)(payment)
    }
}

/// Whether a human must see fraud that pays this recipient: the part of the default set's alert that asks about
/// WHO, for records on the fraud topic that carry no rule ids.
#[must_use]
pub fn alerts_recipient(who: &str) -> bool {
    Recipient::from(who) == Recipient::Stranger
}
