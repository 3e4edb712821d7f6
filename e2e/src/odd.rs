//! Records that payment-producer would never write: those of the replaced system, the largest that
//! the topic takes, and those that nobody can read.

use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};

use crate::failure::{Attempt, Failure, Outcome};
use crate::kafka;

/// The header in which we say why a record cannot be read. It must arrive with the dead letter,
/// since headers of others go along.
pub const REASON: &str = "e2e-reason";

/// What the brokers take is 1 MiB and a little, with key, headers and the batch's own bytes.
const LARGEST: usize = 1_048_000;

/// A record of ours: its flaw, if it has one, and its payload.
pub type Odd = (Option<&'static str>, Option<Vec<u8>>);

/// Sends odd records one after the other, without end, the same each time for the same number.
pub struct Sender {
    topic: String,
    producer: BaseProducer,
    sent: u64,
}

impl Sender {
    /// Makes a client of our own.
    pub fn new(bootstrap: &str, topic: &str) -> Outcome<Self> {
        let producer = kafka::producer(bootstrap).create();
        Ok(Self {
            topic: topic.to_owned(),
            producer: producer.attempt("make a producer")?,
            sent: 0,
        })
    }

    /// Sends `count` more, half of them unreadable.
    pub fn send(&mut self, count: u64) -> Outcome {
        for number in self.sent..self.sent + count {
            let (reason, payload) = odd(number);
            let mut record = BaseRecord::<[u8], [u8]>::to(&self.topic);
            if let Some(payload) = &payload {
                record = record.payload(payload);
            }
            if let Some(reason) = reason {
                let reason = Header {
                    key: REASON,
                    value: Some(reason),
                };
                record = record.headers(OwnedHeaders::new().insert(reason));
            }
            let sent = self.producer.send(record).map_err(|(error, _)| error);
            sent.attempt("send an odd record")?;
        }
        self.sent += count;
        self.producer.poll(std::time::Duration::ZERO);
        Ok(())
    }

    /// Waits until all are acknowledged, and says how many there are and how many of them nobody
    /// can read.
    pub fn finish(&self) -> Outcome<(u64, u64)> {
        let limit = std::time::Duration::from_secs(30);
        self.producer.flush(limit).attempt("flush odd records")?;
        if self.producer.in_flight_count() > 0 {
            return Err(Failure::new("odd records were not acknowledged in time"));
        }
        let dead = (0..self.sent).filter(|number| odd(*number).0.is_some());
        Ok((self.sent, dead.count() as u64))
    }
}

/// The record of this number: legacy and flawed ones take turns, and a large one comes first.
fn odd(number: u64) -> Odd {
    match number {
        0 => (None, Some(large())),
        number if number.is_multiple_of(2) => (None, Some(legacy(number / 2))),
        number => flawed(number / 2),
    }
}

/// What the replaced producer writes: Python's `json.dumps`, five fields, no key.
fn legacy(number: u64) -> Vec<u8> {
    const TYPES: [&str; 5] = ["VISA", "BITCOIN", "MASTERCARD", "PAYPAL", "bitcoin"];
    const RECIPIENTS: [&str; 7] = [
        "ME",
        "MOM",
        r"\uc5c4\ub9c8",
        "FRIEND",
        "STRANGER",
        "stranger",
        r"\ud83d\ude00",
    ];
    let pick = |list: &[&'static str]| list[(number % list.len() as u64) as usize];
    let (payment_type, who) = (pick(&TYPES), pick(&RECIPIENTS));
    let amount = (number % 1000).to_string();
    text(payment_type, &amount, &format!("\"{who}\"")).into_bytes()
}

/// A payment with a field that nobody knows, which is kept.
fn large() -> Vec<u8> {
    let payment = text("VISA", "57.10", "\"MOM\"");
    let head = payment.trim_end_matches('}');
    let head = format!("{head}, \"NOTE\": \"");
    let note = "x".repeat(LARGEST - head.len() - 2);
    format!("{head}{note}\"}}").into_bytes()
}

/// Every way in which a record can be unreadable, in turn.
pub fn flawed(number: u64) -> Odd {
    let with = |amount: &str, who: &str| text("BITCOIN", amount, who).into_bytes();
    let replaced = |old: &str, new: &str| {
        let payment = text("BITCOIN", "57", "\"STRANGER\"");
        payment.replace(old, new).into_bytes()
    };
    let (reason, payload) = match number % 17 {
        0 => ("not_utf8", b"{\"DATE\": \"\xff\xfe\"}".to_vec()),
        1 => ("not_json", replaced("}", "")),
        2 => ("not_json", with("NaN", "\"ME\"")),
        3 => ("not_an_object", b"[\"BITCOIN\", 57]".to_vec()),
        4 => ("missing_field", replaced("\"WHO\"", "\"WHOM\"")),
        5 => ("wrong_type", with("57", "7")),
        6 => ("wrong_type", with("\"57\"", "\"ME\"")),
        7 => ("duplicate_field", replaced("}", ", \"WHO\": \"ME\"}")),
        8 => (
            "field_too_long",
            with("57", &format!("{:?}", "x".repeat(256))),
        ),
        9 => ("bad_date", replaced("01/28/2022", "02/30/2022")),
        10 => ("bad_time", replaced("14:03:07", "24:00:00")),
        11 => ("bad_amount", with("57.001", "\"ME\"")),
        12 => ("bad_amount", with("-1", "\"ME\"")),
        13 => ("bad_amount", with("10000000000000.01", "\"ME\"")),
        14 => ("empty_payload", Vec::new()),
        15 => ("not_an_object", b"null".to_vec()),
        _ => return (Some("tombstone"), None),
    };
    (Some(reason), Some(payload))
}

fn text(payment_type: &str, amount: &str, who: &str) -> String {
    format!(
        "{{\"DATE\": \"01/28/2022\", \"TIME\": \"14:03:07\", \"PAYMENTTYPE\": \"{payment_type}\", \
         \"AMOUNT\": {amount}, \"WHO\": {who}}}"
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    #[test]
    fn records_of_the_replaced_system_are_json_with_its_five_fields() {
        for number in 0..35 {
            let payment: Value = serde_json::from_slice(&legacy(number)).expect("JSON");
            assert_eq!(payment.as_object().expect("an object").len(), 5);
        }
    }

    #[test]
    fn the_largest_record_is_json_and_just_fits() {
        let (reason, payload) = odd(0);
        let payload = payload.expect("a payload");
        assert_eq!((reason, payload.len()), (None, LARGEST));
        assert!(serde_json::from_slice::<Value>(&payload).is_ok());
    }

    #[test]
    fn every_reason_that_a_detector_has_occurs() {
        let reasons: BTreeSet<_> = (0..17).filter_map(|number| flawed(number).0).collect();
        assert_eq!(reasons.len(), 12);
    }
}
