//! Rules in order, judged together.

use payment::Payment;

use crate::condition::Condition;
use crate::{Decision, Hit, Mode, Rule};

/// The rules that a detector decides by.
#[derive(Debug)]
pub struct RuleSet {
    rules: Vec<Rule>,
    id: String,
}

impl RuleSet {
    fn of(rules: Vec<Rule>) -> RuleSet {
        let id = fingerprint(&rules);
        RuleSet { rules, id }
    }

    /// Judges one payment by every rule: an early hit does not hide a later one.
    #[must_use]
    pub fn assess(&self, payment: &Payment<'_>) -> Decision<'_> {
        Decision::of(
            self.rules
                .iter()
                .filter(|rule| rule.hits(payment))
                .map(|rule| Hit { rule })
                .collect(),
        )
    }

    /// The rules, in the order in which they are asked and told.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// A short fingerprint of everything that a decision depends on: equal sets, and only they, share it across
    /// machines and versions. Goes into the header `fs-ruleset`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether a human must see a decision that these rules came to.
    pub fn alerts<'i>(&self, rule_ids: impl IntoIterator<Item = &'i str>) -> bool {
        rule_ids.into_iter().any(|id| {
            self.rules
                .iter()
                .any(|rule| rule.id() == id && rule.alerts())
        })
    }
}

impl Default for RuleSet {
    /// What the replaced system meant to do: bitcoin is fraud, and bitcoin to a stranger is everybody's business.
    fn default() -> RuleSet {
        RuleSet::of(vec![
            Rule {
                id: "bitcoin".into(),
                condition: Condition::BITCOIN,
                mode: Mode::Enforce,
                alert: false,
            },
            Rule {
                id: "stranger-bitcoin".into(),
                condition: Condition::BITCOIN_TO_A_STRANGER,
                mode: Mode::Enforce,
                alert: true,
            },
        ])
    }
}

/// FNV-1a, 64 bits: the standard library's hasher promises no value, and this one is seven lines. Each part ends
/// with a byte that no UTF-8 text holds, so that parts cannot run into each other.
fn fingerprint(rules: &[Rule]) -> String {
    let parts = rules.iter().flat_map(|rule| {
        [
            rule.id(),
            rule.when(),
            rule.mode().as_str(),
            if rule.alert { "alert" } else { "" },
        ]
    });
    let bytes = parts.flat_map(|part| part.bytes().chain([0xff]));
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use payment::Verdict;

    use super::*;

    fn assess(rules: &RuleSet, payment_type: &str, who: &str, check: impl FnOnce(Decision<'_>)) {
        let json = format!(
            r#"{{"DATE":"01/28/2022","TIME":"14:03:07","PAYMENTTYPE":"{payment_type}","AMOUNT":57,"WHO":"{who}"}}"#
        );
        check(rules.assess(&Payment::try_from(json.as_bytes()).expect("a payment")));
    }

    /// The default set's verdict, rule ids and alert on one payment.
    fn check(payment_type: &str, who: &str, verdict: Verdict, rule_ids: &[&str], alerts: bool) {
        let rules = RuleSet::default();
        assess(&rules, payment_type, who, |decision| {
            assert_eq!(decision.verdict, verdict, "{payment_type} {who}");
            assert_eq!(
                decision.enforced().collect::<Vec<_>>(),
                rule_ids,
                "{payment_type} {who}"
            );
            assert_eq!(decision.shadowed().count(), 0);
            assert_eq!(
                rules.alerts(decision.enforced()),
                alerts,
                "{payment_type} {who}"
            );
        });
    }

    #[test]
    fn bitcoin_is_fraud_and_nothing_else_is() {
        check("BITCOIN", "MOM", Verdict::Fraud, &["bitcoin"], false);
        for payment_type in ["VISA", "MASTERCARD", "PAYPAL", "bitcoin", "BITCOIN ", ""] {
            check(payment_type, "STRANGER", Verdict::Legit, &[], false);
        }
    }

    #[test]
    fn bitcoin_to_a_stranger_alerts_in_any_case() {
        for who in ["STRANGER", "stranger", "Stranger"] {
            check(
                "BITCOIN",
                who,
                Verdict::Fraud,
                &["bitcoin", "stranger-bitcoin"],
                true,
            );
        }
        for who in ["STRANGERS", " STRANGER", "", "엄마"] {
            check("BITCOIN", who, Verdict::Fraud, &["bitcoin"], false);
        }
    }

    #[test]
    fn a_record_without_rule_ids_alerts_by_its_recipient() {
        assert!(crate::alerts_recipient("STRANGER"));
        assert!(crate::alerts_recipient("stranger"));
        assert!(!crate::alerts_recipient("FRIEND"));
    }

    #[test]
    fn unknown_rule_ids_alert_nobody() {
        let rules = RuleSet::default();
        assert!(!rules.alerts([]));
        assert!(!rules.alerts(["bitcoin", "gone", ""]));
        assert!(rules.alerts(["gone", "stranger-bitcoin"]));
    }

    #[test]
    fn a_shadow_rule_is_told_and_neither_decides_nor_alerts() {
        let shadow = Rule {
            id: "trial".into(),
            condition: Condition::BITCOIN,
            mode: Mode::Shadow,
            alert: true,
        };
        let rules = RuleSet::of(vec![shadow]);
        assess(&rules, "BITCOIN", "STRANGER", |decision| {
            assert_eq!(decision.verdict, Verdict::Legit);
            assert_eq!(decision.enforced().count(), 0);
            assert_eq!(decision.shadowed().collect::<Vec<_>>(), ["trial"]);
        });
        assert!(!rules.alerts(["trial"]));
    }

    #[test]
    fn a_payment_that_nothing_hits_costs_no_allocation() {
        assess(&RuleSet::default(), "VISA", "MOM", |decision| {
            assert_eq!(decision.hits.capacity(), 0)
        });
    }

    #[test]
    fn the_default_set_keeps_its_fingerprint() {
        assert_eq!(RuleSet::default().id(), "02e9c0dc4c3c98fc");
    }

    #[test]
    fn any_difference_changes_the_fingerprint() {
        let rule = |id: &str, condition, mode, alert| {
            RuleSet::of(vec![Rule {
                id: id.into(),
                condition,
                mode,
                alert,
            }])
            .id
        };
        let ids = [
            rule("a", Condition::BITCOIN, Mode::Enforce, false),
            rule("b", Condition::BITCOIN, Mode::Enforce, false),
            rule("a", Condition::BITCOIN_TO_A_STRANGER, Mode::Enforce, false),
            rule("a", Condition::BITCOIN, Mode::Shadow, false),
            rule("a", Condition::BITCOIN, Mode::Enforce, true),
            RuleSet::of(Vec::new()).id,
        ];
        assert_eq!(
            ids.iter().collect::<std::collections::BTreeSet<_>>().len(),
            ids.len()
        );
    }
}
