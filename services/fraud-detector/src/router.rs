//! Where a record goes, and with which headers.

use std::sync::Arc;

use kafka::worker::{Route, Routed};
use kafka::{HeaderList, Record};
use payment::{Payment, Reason, Refusal, header};
use rules::RuleSet;
use service::clock;

use crate::Config;
use crate::metrics::{Metrics, Tally};

/// Judges records. One for each worker.
pub struct Router {
    rules: Arc<RuleSet>,
    fraud: String,
    legit: String,
    dead_letters: String,
    topic_id: String,
    tally: Tally,
}

impl Router {
    /// A router that decides by the configured rules.
    pub fn new(config: &Config, metrics: &Metrics) -> Self {
        Self {
            rules: Arc::clone(&config.rules),
            fraud: config.fraud.name.clone(),
            legit: config.legit.name.clone(),
            dead_letters: config.dead_letters.name.clone(),
            topic_id: String::new(),
            tally: metrics.tally(),
        }
    }
}

impl Route for Router {
    fn route(&mut self, record: &Record<'_>, headers: &mut HeaderList) -> Routed<'_> {
        let decided_ms = clock::now_ms();
        // -1 is Kafka's own word for a record without a timestamp.
        let event_ms = record.timestamp_ms.unwrap_or(-1);
        for (name, value) in record.headers.iter() {
            if !name.starts_with(header::PREFIX.as_bytes()) {
                headers.push(name, value);
            }
        }
        headers.push_text(
            header::SOURCE,
            format_args!("{}/{}/{}", record.topic, record.partition, record.offset),
        );
        headers.push_text(header::TOPIC_ID, format_args!("{}", self.topic_id));
        headers.push_text(header::TIME, format_args!("{event_ms}"));
        let routed = match read(record.payload) {
            Ok(payment) => {
                let decision = self.rules.assess(&payment);
                headers.push_text(
                    header::VERDICT,
                    format_args!("{}", decision.verdict.as_str()),
                );
                headers.push_list(header::RULES, decision.enforced());
                headers.push_list(header::SHADOW, decision.shadowed());
                headers.push_text(header::RULESET, format_args!("{}", self.rules.id()));
                self.tally
                    .decided(&payment, &decision, decided_ms.saturating_sub(event_ms));
                Routed::To(match decision.verdict {
                    payment::Verdict::Fraud => &self.fraud,
                    payment::Verdict::Legit => &self.legit,
                })
            }
            Err(refusal) => {
                headers.push_text(header::REASON, format_args!("{}", refusal.reason.as_str()));
                headers.push_text(header::ERROR, format_args!("{}", refusal.detail));
                self.tally.refused(refusal.reason);
                Routed::Refused(&self.dead_letters)
            }
        };
        headers.push_text(header::DECIDED, format_args!("{decided_ms}"));
        routed
    }

    fn committed(&mut self) {
        self.tally.count();
    }

    fn aborted(&mut self) {
        self.tally.forget();
    }

    fn withheld(&mut self) {
        self.tally.withhold();
    }

    fn reading(&mut self, topic_id: &str) {
        topic_id.clone_into(&mut self.topic_id);
    }
}

fn read(payload: Option<&[u8]>) -> Result<Payment<'_>, Refusal> {
    match payload {
        Some(bytes) => Payment::try_from(bytes),
        None => Err(Refusal {
            reason: Reason::Tombstone,
            detail: "the record has no payload".to_owned(),
        }),
    }
}
