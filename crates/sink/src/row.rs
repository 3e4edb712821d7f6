//! A record becomes a row.

use std::sync::Arc;

use kafka::Record;
use payment::{Payment, Provenance, Reason};
use store::{AlertRow, DeadLetterRow, PaymentRow, RowKey, State, Table};

/// Reason of a dead letter whose headers claim to be ours and do not read as ours.
pub(crate) const BAD_HEADERS: &str = "bad_headers";

/// What a processor does with a payment. Its only view of a sink.
pub trait Shelf: Send + 'static {
    /// The table that its payments rest in.
    const TABLE: Table;

    /// Says what is to be done with a payment. `provenance` is what the detector said; `None` for a foreign record.
    fn shelve(
        &mut self,
        payment: &Payment<'_>,
        provenance: Option<&Provenance<'_>>,
        key: &RowKey,
    ) -> Shelved;

    /// These rows are committed: now they may be told. Called with the rows that were new.
    fn stored(&mut self, rows: &[PaymentRow]);
}

/// What is to be done with a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shelved {
    /// The state that its row gets.
    pub state: State,
    /// The body of the alert, when a human must see it.
    pub alert: Option<String>,
}

/// What a record became.
#[allow(clippy::large_enum_variant)] // nearly every one is the large one, and each is moved once, into the buffer
pub(crate) enum Row {
    Payment(PaymentRow, Option<AlertRow>),
    DeadLetter(DeadLetterRow),
}

/// Turns records of one topic into rows.
pub(crate) struct Rows {
    place: Log,
    source: Log,
}

/// A topic's name and id, kept so that not every row needs its own copy.
struct Log {
    topic: Arc<str>,
    topic_id: Arc<str>,
}

impl Log {
    fn key(&mut self, topic: &str, topic_id: &str, partition: i32, offset: i64) -> RowKey {
        if *self.topic != *topic {
            self.topic = topic.into();
        }
        if *self.topic_id != *topic_id {
            self.topic_id = topic_id.into();
        }
        RowKey {
            topic_id: Arc::clone(&self.topic_id),
            topic: Arc::clone(&self.topic),
            partition,
            offset,
        }
    }
}

impl Rows {
    pub fn new() -> Self {
        let log = || Log {
            topic: "".into(),
            topic_id: "".into(),
        };
        Self {
            place: log(),
            source: log(),
        }
    }

    /// Reads a record of a topic that has this id. Nothing that comes is lost: what is no payment becomes a dead letter.
    pub fn read<S: Shelf>(
        &mut self,
        record: &Record<'_>,
        topic_id: &str,
        shelf: &mut S,
        now_ms: i64,
    ) -> Row {
        let place = self
            .place
            .key(record.topic, topic_id, record.partition, record.offset);
        // A header whose name is not UTF-8 is nobody's that we know.
        let headers = record
            .headers
            .iter()
            .filter_map(|(name, value)| Some((std::str::from_utf8(name).ok()?, value)));
        let provenance = match Provenance::read(headers) {
            Ok(provenance) => provenance,
            Err(broken) => {
                return dead_letter(
                    record,
                    place.clone(),
                    place,
                    BAD_HEADERS,
                    broken.to_string(),
                );
            }
        };
        let key = match &provenance {
            Some(provenance) => {
                let source = &provenance.source;
                self.source.key(
                    &source.topic,
                    provenance.topic_id,
                    source.partition,
                    source.offset,
                )
            }
            None => place.clone(),
        };
        let Some(payload) = record.payload else {
            return dead_letter(
                record,
                key,
                place,
                Reason::Tombstone.as_str(),
                "the record has no payload".to_owned(),
            );
        };
        let payment = match Payment::try_from(payload) {
            Ok(payment) => payment,
            Err(refusal) => {
                return dead_letter(record, key, place, refusal.reason.as_str(), refusal.detail);
            }
        };
        let Shelved { state, alert } = shelf.shelve(&payment, provenance.as_ref(), &key);
        let alert = alert.map(|body| AlertRow {
            key: key.clone(),
            body,
            created_at: now_ms,
        });
        let owned = |text: &Option<std::borrow::Cow<'_, str>>| text.as_deref().map(str::to_owned);
        let row = PaymentRow {
            id: owned(&payment.id),
            account: owned(&payment.account),
            payment_type: payment.payment_type.clone().into_owned(),
            // At most 10^15 hundredths by the wire's own limit.
            amount_hundredths: i64::try_from(payment.amount.hundredths()).unwrap_or(i64::MAX),
            currency: owned(&payment.currency),
            country: owned(&payment.country),
            who: payment.who.clone().into_owned(),
            business_date: payment.date,
            business_time: payment.time,
            event_time: provenance
                .as_ref()
                .map_or(record.timestamp_ms.unwrap_or(0), |provenance| {
                    provenance.time.millis()
                }),
            rules: provenance
                .as_ref()
                .and_then(|provenance| provenance.rules)
                .map(str::to_owned),
            state,
            decided_at: provenance.as_ref().map(|provenance| provenance.decided_ms),
            payload: payload.to_vec(),
            key,
            place,
        };
        Row::Payment(row, alert)
    }
}

fn dead_letter(
    record: &Record<'_>,
    key: RowKey,
    place: RowKey,
    reason: &str,
    error: String,
) -> Row {
    Row::DeadLetter(DeadLetterRow {
        key,
        place,
        reason: reason.to_owned(),
        error,
        record_key: record.key.map(<[u8]>::to_vec),
        payload: record.payload.map(<[u8]>::to_vec),
    })
}

#[cfg(test)]
mod tests {
    use kafka::{HeaderList, Headers};

    use super::*;

    struct Everything;

    impl Shelf for Everything {
        const TABLE: Table = Table::Fraud;

        fn shelve(&mut self, _: &Payment<'_>, _: Option<&Provenance<'_>>, _: &RowKey) -> Shelved {
            Shelved {
                state: State::Processing,
                alert: Some("{}".to_owned()),
            }
        }

        fn stored(&mut self, _: &[PaymentRow]) {}
    }

    const PAYMENT: &[u8] = br#"{"DATE":"01/28/2022","TIME":"14:03:07","PAYMENTTYPE":"BITCOIN","AMOUNT":57,"WHO":"STRANGER"}"#;

    fn read(payload: Option<&[u8]>, headers: &[(&str, &str)]) -> Row {
        let mut list = HeaderList::default();
        for (name, value) in headers {
            list.push(name.as_bytes(), Some(value.as_bytes()));
        }
        let record = Record {
            topic: "fraud_payments",
            partition: 2,
            offset: 9,
            timestamp_ms: Some(1_000),
            key: Some(b"acc"),
            payload,
            headers: Headers::Listed(&list),
        };
        Rows::new().read(&record, "out-id", &mut Everything, 5)
    }

    const OURS: &[(&str, &str)] = &[
        ("fs-source", "payments/3/42"),
        ("fs-topic-id", "in-id"),
        ("fs-time", "700"),
        ("fs-decided", "800"),
    ];

    #[test]
    fn a_payment_of_ours_is_stored_under_its_source() {
        let Row::Payment(row, Some(alert)) = read(Some(PAYMENT), OURS) else {
            panic!("a payment")
        };
        assert_eq!(row.key.to_string(), "payments/3/42");
        assert_eq!(&*row.key.topic_id, "in-id");
        assert_eq!((row.event_time, row.decided_at), (700, Some(800)));
        assert_eq!(row.payload, PAYMENT);
        assert_eq!(alert.key, row.key);
    }

    #[test]
    fn a_foreign_payment_is_stored_under_its_own_place() {
        let Row::Payment(row, _) = read(Some(PAYMENT), &[("traceparent", "x")]) else {
            panic!("a payment")
        };
        assert_eq!(row.key.to_string(), "fraud_payments/2/9");
        assert_eq!(&*row.key.topic_id, "out-id");
        assert_eq!((row.event_time, row.decided_at), (1_000, None));
    }

    #[test]
    fn what_is_no_payment_is_a_dead_letter_with_its_bytes() {
        for (payload, headers, reason, key) in [
            (None, OURS, "tombstone", "payments/3/42"),
            (Some(&b"garbage"[..]), OURS, "not_json", "payments/3/42"),
            (
                Some(PAYMENT),
                &[("fs-source", "nonsense")][..],
                "bad_headers",
                "fraud_payments/2/9",
            ),
        ] {
            let Row::DeadLetter(letter) = read(payload, headers) else {
                panic!("a dead letter: {reason}")
            };
            assert_eq!(letter.reason, reason);
            assert_eq!(letter.key.to_string(), key);
            assert_eq!(letter.place.to_string(), "fraud_payments/2/9");
            assert_eq!(letter.payload.as_deref(), payload);
            assert_eq!(letter.record_key.as_deref(), Some(&b"acc"[..]));
        }
    }
}
