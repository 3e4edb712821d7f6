//! The detector's metrics.

use payment::{Payment, PaymentType, Reason, Recipient, Verdict};
use prometheus::local::{LocalCounter, LocalHistogram, LocalIntCounter};
use prometheus::{CounterVec, Histogram, HistogramOpts, IntCounterVec, Opts, Registry};
use rules::{Decision, RuleSet};

/// Registered once for the service.
#[derive(Debug, Clone)]
pub struct Metrics {
    decisions: IntCounterVec,
    amounts: CounterVec,
    payments: IntCounterVec,
    rule_hits: IntCounterVec,
    dead_letters: IntCounterVec,
    decision_seconds: Histogram,
    rules: Vec<(String, &'static str)>,
}

/// What one worker has decided since its last commit. It counts only once it is committed: an aborted transaction's payments
/// are decided again.
pub struct Tally {
    last: Option<Last>,
    /// Rules that the last payment matched, by their place.
    last_hits: Vec<usize>,
    decisions: Vec<LocalIntCounter>,
    amounts: Vec<LocalCounter>,
    payments: Vec<LocalIntCounter>,
    rule_hits: Vec<(String, LocalIntCounter)>,
    dead_letters: Vec<LocalIntCounter>,
    decision_seconds: LocalHistogram,
}

/// What became of the record routed last. It joins the others once it is certain that the record is sent.
enum Last {
    Decided {
        verdict: usize,
        class: usize,
        amount: f64,
        age_seconds: f64,
    },
    Refused(Reason),
}

impl Metrics {
    /// Registers everything; every counter exists at 0 for every value of its closed labels.
    ///
    /// # Errors
    /// When the registry already has one of the names.
    pub fn register(registry: &Registry, rules: &RuleSet) -> Result<Self, prometheus::Error> {
        let opts = |name: &str, help: &str| Opts::new(format!("fraudstream_{name}"), help);
        let metrics = Self {
            decisions: IntCounterVec::new(
                opts("decisions_total", "payments decided and committed"),
                &["verdict"],
            )?,
            amounts: CounterVec::new(
                opts(
                    "decided_amount_total",
                    "sum of the decided amounts, in major units of any currency",
                ),
                &["verdict"],
            )?,
            payments: IntCounterVec::new(
                opts("payments_total", "payments decided, by class"),
                &["type", "recipient"],
            )?,
            rule_hits: IntCounterVec::new(
                opts("rule_hits_total", "payments that a rule matched"),
                &["rule", "mode"],
            )?,
            dead_letters: IntCounterVec::new(
                opts("dead_letters_total", "records that nobody could read"),
                &["reason"],
            )?,
            decision_seconds: Histogram::with_opts(
                HistogramOpts::from(opts(
                    "decision_seconds",
                    "age of a payment when it was decided",
                ))
                .buckets(vec![
                    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
                    30.0, 60.0, 300.0,
                ]),
            )?,
            rules: rules
                .rules()
                .iter()
                .map(|rule| (rule.id().to_owned(), rule.mode().as_str()))
                .collect(),
        };
        registry.register(Box::new(metrics.decisions.clone()))?;
        registry.register(Box::new(metrics.amounts.clone()))?;
        registry.register(Box::new(metrics.payments.clone()))?;
        registry.register(Box::new(metrics.rule_hits.clone()))?;
        registry.register(Box::new(metrics.dead_letters.clone()))?;
        registry.register(Box::new(metrics.decision_seconds.clone()))?;
        // A tally touches every closed label, so that each exists at 0.
        drop(metrics.tally());
        Ok(metrics)
    }

    /// A tally for one worker.
    pub fn tally(&self) -> Tally {
        let classes = PaymentType::ALL.iter().flat_map(|kind| {
            Recipient::ALL
                .iter()
                .map(move |recipient| (kind, recipient))
        });
        Tally {
            last: None,
            last_hits: Vec::new(),
            decisions: Verdict::ALL
                .iter()
                .map(|verdict| {
                    self.decisions
                        .with_label_values(&[verdict.as_str()])
                        .local()
                })
                .collect(),
            amounts: Verdict::ALL
                .iter()
                .map(|verdict| self.amounts.with_label_values(&[verdict.as_str()]).local())
                .collect(),
            payments: classes
                .map(|(kind, recipient)| {
                    self.payments
                        .with_label_values(&[kind.as_str(), recipient.as_str()])
                        .local()
                })
                .collect(),
            rule_hits: self
                .rules
                .iter()
                .map(|(rule, mode)| {
                    (
                        rule.clone(),
                        self.rule_hits
                            .with_label_values(&[rule.as_str(), mode])
                            .local(),
                    )
                })
                .collect(),
            dead_letters: Reason::ALL
                .iter()
                .map(|reason| {
                    self.dead_letters
                        .with_label_values(&[reason.as_str()])
                        .local()
                })
                .collect(),
            decision_seconds: self.decision_seconds.local(),
        }
    }
}

impl Tally {
    /// A payment was decided at the age of `age_ms`.
    pub fn decided(&mut self, payment: &Payment<'_>, decision: &Decision<'_>, age_ms: i64) {
        self.add_last();
        self.last = Some(Last::Decided {
            verdict: decision.verdict as usize,
            class: payment.kind() as usize * Recipient::ALL.len() + payment.recipient() as usize,
            amount: payment.amount.hundredths() as f64 / 100.0,
            age_seconds: age_ms.max(0) as f64 / 1000.0,
        });
        for hit in decision.enforced().chain(decision.shadowed()) {
            let place = self.rule_hits.iter().position(|(rule, _)| rule == hit);
            self.last_hits.extend(place);
        }
    }

    /// A record was refused.
    pub fn refused(&mut self, reason: Reason) {
        self.add_last();
        self.last = Some(Last::Refused(reason));
    }

    /// The record that was told last is not sent after all.
    pub fn withhold(&mut self) {
        self.last = None;
        self.last_hits.clear();
    }

    /// What was tallied is committed.
    pub fn count(&mut self) {
        self.add_last();
        self.amounts.iter().for_each(LocalCounter::flush);
        self.counters().for_each(LocalIntCounter::flush);
        self.decision_seconds.flush();
    }

    /// What was tallied never happened.
    pub fn forget(&mut self) {
        self.withhold();
        self.amounts.iter().for_each(LocalCounter::reset);
        self.counters().for_each(LocalIntCounter::reset);
        self.decision_seconds.clear();
    }

    fn add_last(&mut self) {
        match self.last.take() {
            Some(Last::Decided {
                verdict,
                class,
                amount,
                age_seconds,
            }) => {
                self.decisions[verdict].inc();
                self.amounts[verdict].inc_by(amount);
                self.payments[class].inc();
                self.decision_seconds.observe(age_seconds);
            }
            Some(Last::Refused(reason)) => self.dead_letters[reason as usize].inc(),
            None => {}
        }
        for place in self.last_hits.drain(..) {
            self.rule_hits[place].1.inc();
        }
    }

    fn counters(&self) -> impl Iterator<Item = &LocalIntCounter> {
        let hits = self.rule_hits.iter().map(|(_, hits)| hits);
        self.decisions
            .iter()
            .chain(&self.payments)
            .chain(&self.dead_letters)
            .chain(hits)
    }
}

#[cfg(test)]
mod tests {
    use prometheus::Encoder as _;

    use super::*;

    fn text(registry: &Registry) -> String {
        let mut text = Vec::new();
        prometheus::TextEncoder::new()
            .encode(&registry.gather(), &mut text)
            .unwrap();
        String::from_utf8(text).unwrap()
    }

    const PAYMENT: &[u8] = br#"{"DATE":"01/28/2022","TIME":"14:03:07","PAYMENTTYPE":"BITCOIN","AMOUNT":57.5,"WHO":"STRANGER"}"#;

    #[test]
    fn the_order_of_the_classes_is_the_order_of_their_numbers() {
        assert!(
            Verdict::ALL
                .iter()
                .enumerate()
                .all(|(number, verdict)| *verdict as usize == number)
        );
        assert!(
            PaymentType::ALL
                .iter()
                .enumerate()
                .all(|(number, kind)| *kind as usize == number)
        );
        assert!(
            Recipient::ALL
                .iter()
                .enumerate()
                .all(|(number, recipient)| *recipient as usize == number)
        );
        assert!(
            Reason::ALL
                .iter()
                .enumerate()
                .all(|(number, reason)| *reason as usize == number)
        );
    }

    #[test]
    fn nothing_counts_before_its_commit_and_nothing_that_was_aborted() {
        let (registry, rules) = (Registry::new(), RuleSet::default());
        let metrics = Metrics::register(&registry, &rules).unwrap();
        let mut tally = metrics.tally();
        let payment = Payment::try_from(PAYMENT).unwrap();
        let decide = |tally: &mut Tally| tally.decided(&payment, &rules.assess(&payment), 20);

        assert!(text(&registry).contains("fraudstream_decisions_total{verdict=\"fraud\"} 0"));
        decide(&mut tally);
        tally.forget();
        tally.count();
        assert!(text(&registry).contains("fraudstream_decisions_total{verdict=\"fraud\"} 0"));
        decide(&mut tally);
        tally.withhold();
        decide(&mut tally);
        tally.refused(Reason::NotJson);
        tally.refused(Reason::NotJson);
        tally.withhold();
        tally.count();
        let text = text(&registry);
        for line in [
            "fraudstream_decisions_total{verdict=\"fraud\"} 1",
            "fraudstream_decided_amount_total{verdict=\"fraud\"} 57.5",
            "fraudstream_payments_total{recipient=\"stranger\",type=\"bitcoin\"} 1",
            "fraudstream_rule_hits_total{mode=\"enforce\",rule=\"stranger-bitcoin\"} 1",
            "fraudstream_dead_letters_total{reason=\"not_json\"} 1",
            "fraudstream_decision_seconds_count 1",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
    }
}
