//! Records of an output topic.

use kafka::testing::Sending;
use payment::{Verdict, header};

/// When payments of [`Output::decided`] happened.
pub const TIME_MS: i64 = 1_643_346_187_123;
/// When they were decided.
pub const DECIDED_MS: i64 = 1_643_346_187_456;
/// The id of the topic that they came from.
pub const TOPIC_ID: &str = "AAAAAAAAAAAAAAAAAAAAAA";

/// A record to send.
#[derive(Debug, Clone, Default)]
pub struct Output {
    /// The key.
    pub key: Option<Vec<u8>>,
    /// The value; `None` is a tombstone.
    pub payload: Option<Vec<u8>>,
    /// Names and values in their order.
    pub headers: Vec<(&'static str, Option<Vec<u8>>)>,
    /// The record's time; without one, now.
    pub timestamp_ms: Option<i64>,
}

impl Output {
    /// As the replaced system writes it: no key, no headers.
    pub fn foreign(payload: impl AsRef<[u8]>) -> Self {
        Self {
            payload: Some(payload.as_ref().to_vec()),
            ..Self::default()
        }
    }

    /// As our detector writes what came from `payments/PARTITION/OFFSET`, and which rules hit.
    pub fn decided(source: (i32, i64), rules: &str, payload: impl AsRef<[u8]>) -> Self {
        let verdict = if rules.is_empty() {
            Verdict::Legit
        } else {
            Verdict::Fraud
        };
        let (partition, offset) = source;
        Self {
            key: Some(b"KR-000042".to_vec()),
            ..Self::foreign(payload)
        }
        .header("traceparent", "00-0af7651916cd43dd-01")
        .header(header::SOURCE, &format!("payments/{partition}/{offset}"))
        .header(header::TOPIC_ID, TOPIC_ID)
        .header(header::TIME, &TIME_MS.to_string())
        .header(header::VERDICT, verdict.as_str())
        .header(header::RULES, rules)
        .header(header::SHADOW, "")
        .header(header::RULESET, "0123456789abcdef")
        .header(header::DECIDED, &DECIDED_MS.to_string())
    }

    /// With this value in a header, instead of the one that is there.
    pub fn header(self, name: &'static str, value: &str) -> Self {
        self.raw_header(name, Some(value.as_bytes()))
    }

    /// The same with any bytes, or with none.
    pub fn raw_header(mut self, name: &'static str, value: Option<&[u8]>) -> Self {
        let value = value.map(<[u8]>::to_vec);
        match self.headers.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = value,
            None => self.headers.push((name, value)),
        }
        self
    }

    /// Without a header.
    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self
    }

    /// With a header twice.
    pub fn twice(mut self, name: &str) -> Self {
        let found = self.headers.iter().find(|(known, _)| *known == name);
        let again = found.expect("a header of that name").clone();
        self.headers.push(again);
        self
    }

    pub(super) fn send(&self, sender: &kafka::testing::Sender, topic: &str, partition: i32) {
        let headers = self.headers.iter();
        let headers: Vec<_> = headers
            .map(|(name, value)| (*name, value.as_deref()))
            .collect();
        let sending = Sending {
            partition: Some(partition),
            key: self.key.as_deref(),
            payload: self.payload.as_deref(),
            headers: &headers,
            timestamp_ms: self.timestamp_ms,
        };
        sender.send(topic, sending);
    }
}
