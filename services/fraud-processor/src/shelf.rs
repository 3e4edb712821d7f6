//! What becomes of a fraudulent payment.

use std::sync::Arc;

use payment::{Payment, Provenance};
use rules::{RuleSet, alerts_recipient};
use sink::{Shelf, Shelved};
use store::{PaymentRow, RowKey, State, Table};
use tokio::sync::Notify;

use crate::alert::Body;
use crate::metrics::{Metrics, Step};
use crate::voice::Voice;

/// Decides who has to look at a payment.
#[derive(Debug)]
pub struct Desk {
    rules: RuleSet,
    voice: Voice,
    metrics: Metrics,
    raised: Arc<Notify>,
}

impl Desk {
    /// One that counts alerts, and notifies `raised` once they are stored.
    pub fn new(metrics: Metrics, raised: Arc<Notify>) -> Self {
        Self {
            rules: RuleSet::default(),
            voice: Voice::default(),
            metrics,
            raised,
        }
    }
}

impl Shelf for Desk {
    const TABLE: Table = Table::Fraud;

    fn shelve(
        &mut self,
        payment: &Payment<'_>,
        provenance: Option<&Provenance<'_>>,
        key: &RowKey,
    ) -> Shelved {
        let alerts = match provenance.and_then(Provenance::rule_ids) {
            Some(rule_ids) => self.rules.alerts(rule_ids),
            // The replaced detector names no rules: the recipient alone decides, as it was meant to.
            None => alerts_recipient(&payment.who),
        };
        if alerts {
            Shelved {
                state: State::Alert,
                alert: Some(Body::of(payment, provenance, key).to_json()),
            }
        } else {
            Shelved {
                state: State::Processing,
                alert: None,
            }
        }
    }

    fn stored(&mut self, rows: &[PaymentRow]) {
        for row in rows.iter().filter(|row| row.state == State::Alert) {
            self.metrics.count(Step::Raised);
            self.voice.alert(row);
            // Several before anybody listens are as good as one.
            self.raised.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use prometheus::Registry;

    use super::*;

    fn shelve(who: &str, rules: Option<&str>) -> Shelved {
        let json = format!(
            r#"{{"DATE":"01/28/2022","TIME":"14:03:07","PAYMENTTYPE":"BITCOIN","AMOUNT":57.1,"WHO":"{who}","ACCOUNT":"acc-7"}}"#
        );
        let payment = Payment::try_from(json.as_bytes()).unwrap();
        let mut headers = vec![
            ("fs-source", "payments/3/42"),
            ("fs-topic-id", "id"),
            ("fs-time", "700"),
            ("fs-decided", "800"),
        ];
        headers.extend(rules.map(|rules| ("fs-rules", rules)));
        let provenance = Provenance::read(
            headers
                .into_iter()
                .map(|(name, value)| (name, Some(value.as_bytes()))),
        )
        .unwrap();
        let key = RowKey {
            topic_id: "id".into(),
            topic: "payments".into(),
            partition: 3,
            offset: 42,
        };
        let metrics = Metrics::register(&Registry::new(), false).unwrap();
        Desk::new(metrics, Arc::default()).shelve(&payment, provenance.as_ref(), &key)
    }

    #[test]
    fn the_detectors_rules_decide_where_it_names_them() {
        assert_eq!(
            shelve("MOM", Some("bitcoin,stranger-bitcoin")).state,
            State::Alert
        );
        assert_eq!(shelve("STRANGER", Some("bitcoin")).state, State::Processing);
    }

    #[test]
    fn without_rules_the_recipient_decides_in_any_case() {
        assert_eq!(shelve("stranger", None).state, State::Alert);
        assert_eq!(shelve("STRANGER", None).state, State::Alert);
        assert_eq!(shelve("FRIEND", None).state, State::Processing);
    }

    #[test]
    fn an_alert_says_what_happened_and_not_whose_account_it_was() {
        let body = shelve("STRANGER", Some("bitcoin,stranger-bitcoin"))
            .alert
            .unwrap();
        assert_eq!(
            body,
            r#"{"id":"payments/3/42","payment":null,"rules":["bitcoin","stranger-bitcoin"],"payment_type":"BITCOIN","amount":"57.10","currency":null,"event_time_ms":700,"decided_ms":800}"#
        );
    }
}
