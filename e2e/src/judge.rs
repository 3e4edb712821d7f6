//! Our own judgement of a payment, from its bytes and nothing else.

use rdkafka::message::Message as _;
use serde_json::Value;

use crate::failure::{Failure, Outcome};
use crate::kafka::{Record, header};
use crate::odd::REASON;

/// Where a record has to end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// In `fraud_payments`, and in `alerts` when a stranger is paid.
    Fraud {
        /// A human must see it.
        alert: bool,
    },
    /// In `legit_payments`, in this state.
    Legit(&'static str),
    /// Among the dead letters, for this reason.
    Dead(String),
}

impl Fate {
    /// What has to become of a record on `payments`. Whoever wrote it with a flaw said so in a
    /// header; everything else must be a payment.
    pub fn of(record: &Record<'_>) -> Outcome<Self> {
        if let Some(reason) = header(record, REASON) {
            return Ok(Self::Dead(reason.to_owned()));
        }
        let payload = record.payload().unwrap_or_default();
        Self::of_payment(payload).ok_or_else(|| {
            let text = String::from_utf8_lossy(payload).into_owned();
            Failure::new(format!("payment-producer wrote no payment: {text}"))
        })
    }

    fn of_payment(payload: &[u8]) -> Option<Self> {
        let payment: Value = serde_json::from_slice(payload).ok()?;
        let recipient = payment.get("WHO")?.as_str()?;
        Some(match payment.get("PAYMENTTYPE")?.as_str()? {
            "BITCOIN" => Self::Fraud {
                alert: recipient.eq_ignore_ascii_case("stranger"),
            },
            "VISA" => Self::Legit("visa"),
            "MASTERCARD" => Self::Legit("mastercard"),
            _ => Self::Legit("unprocessable"),
        })
    }

    /// The state that its row has to have.
    pub fn state(&self) -> &str {
        match self {
            Self::Fraud { alert: true } => "alert",
            Self::Fraud { alert: false } => "processing",
            Self::Legit(state) => state,
            Self::Dead(_) => "none",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(payment_type: &str, who: &str, expected: &str) {
        let payload = format!(r#"{{"PAYMENTTYPE":"{payment_type}","WHO":"{who}","AMOUNT":57.10}}"#);
        let fate = Fate::of_payment(payload.as_bytes()).expect("a fate");
        assert_eq!(fate.state(), expected, "{payload}");
    }

    #[test]
    fn bitcoin_is_fraud_and_alerts_when_a_stranger_is_paid() {
        check("BITCOIN", "STRANGER", "alert");
        check("BITCOIN", "Stranger", "alert");
        check("BITCOIN", r"\uc5c4\ub9c8", "processing");
        check("VISA", "STRANGER", "visa");
        check("MASTERCARD", "MOM", "mastercard");
        check("bitcoin", "STRANGER", "unprocessable");
    }

    #[test]
    fn what_is_no_payment_has_no_fate() {
        assert_eq!(Fate::of_payment(b"[]"), None);
        assert_eq!(Fate::of_payment(b"\xff"), None);
    }
}
