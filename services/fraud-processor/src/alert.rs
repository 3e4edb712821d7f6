//! What a human gets to see.

use payment::{Payment, Provenance};
use serde::Serialize;
use store::RowKey;

/// The body of an alert: what a webhook is sent and what stands in the table `alerts`. It names no account and no recipient;
/// whoever may see those finds the row by its source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Body<'a> {
    /// `topic/partition/offset` of the payment: the same at every delivery, so it tells a repeated one.
    pub id: String,
    /// `ID` of the payment, if it has one.
    pub payment: Option<&'a str>,
    /// Ids of the rules that hit.
    pub rules: Vec<&'a str>,
    /// `PAYMENTTYPE`.
    pub payment_type: &'a str,
    /// `AMOUNT` in major units, as text: no reader's floating point gets to round it.
    pub amount: String,
    /// `CURRENCY`, if the payment says.
    pub currency: Option<&'a str>,
    /// Kafka's timestamp of the payment, milliseconds since the epoch, UTC.
    pub event_time_ms: Option<i64>,
    /// When it was decided, milliseconds since the epoch, UTC; absent for records of others.
    pub decided_ms: Option<i64>,
}

impl<'a> Body<'a> {
    /// What there is to say about a payment.
    pub fn of(
        payment: &'a Payment<'_>,
        provenance: Option<&'a Provenance<'_>>,
        key: &RowKey,
    ) -> Self {
        Self {
            id: key.to_string(),
            payment: payment.id.as_deref(),
            rules: provenance
                .and_then(Provenance::rule_ids)
                .into_iter()
                .flatten()
                .collect(),
            payment_type: &payment.payment_type,
            amount: payment.amount.to_string(),
            currency: payment.currency.as_deref(),
            event_time_ms: provenance.map(|provenance| provenance.time.millis()),
            decided_ms: provenance.map(|provenance| provenance.decided_ms),
        }
    }

    /// As it is stored and sent.
    pub fn to_json(&self) -> String {
        // Only maps with keys that are no text, and failing writers, make this fail: there is neither.
        serde_json::to_string(self).unwrap_or_default()
    }
}
