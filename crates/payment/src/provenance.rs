//! What a processor reads back from the headers that the detector wrote.

use crate::header;
use crate::source::{decimal, is_decimal};
use crate::{EventTime, Source, Verdict};

/// The detector's account of one payment: where it came from and how it was decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance<'a> {
    /// The payment's place in `payments`.
    pub source: Source,
    /// Kafka's id of that topic; empty where the cluster gives none.
    pub topic_id: &'a str,
    /// When it happened.
    pub time: EventTime,
    /// When the detector decided, milliseconds since the epoch.
    pub decided_ms: i64,
    /// The verdict; dead letters have none.
    pub verdict: Option<Verdict>,
    /// Ids of the enforcing rules that hit, with commas between them; `None` where the header is absent.
    pub rules: Option<&'a str>,
    /// Ids of the shadow rules that hit, with commas between them.
    pub shadow: Option<&'a str>,
    /// The fingerprint of the rule set.
    pub ruleset: Option<&'a str>,
}

/// A header of ours that does not say what ours say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BrokenHeader {
    /// Other headers of ours are there, this one is not.
    #[error("header {0} is missing")]
    Missing(&'static str),
    /// The header stands there more than once.
    #[error("header {0} stands there twice")]
    Twice(&'static str),
    /// The header has no value, is not UTF-8, or does not read as what it should be.
    #[error("header {name} is not {expected}")]
    Unreadable {
        /// Which header.
        name: &'static str,
        /// What it should be.
        expected: &'static str,
    },
}

impl<'a> Provenance<'a> {
    /// Reads the headers of one record: name and value, in any order, foreign ones between them.
    ///
    /// `None` when none of them is ours: a foreign record, as the replaced detector writes them.
    ///
    /// # Errors
    /// When some are ours and they are incomplete, doubled or unreadable; the error names the header.
    pub fn read(
        headers: impl IntoIterator<Item = (&'a str, Option<&'a [u8]>)>,
    ) -> Result<Option<Provenance<'a>>, BrokenHeader> {
        let mut found = [None; header::ALL.len()];
        let mut ours = false;
        for (name, value) in headers {
            ours |= name.starts_with(header::PREFIX);
            let Some(at) = header::ALL.iter().position(|known| *known == name) else {
                continue;
            };
            if found[at].replace(value).is_some() {
                return Err(BrokenHeader::Twice(header::ALL[at]));
            }
        }
        if !ours {
            return Ok(None);
        }
        let headers = Headers(found);
        Ok(Some(Provenance {
            source: headers.required(header::SOURCE, "topic/partition/offset", |text| {
                text.parse().ok()
            })?,
            topic_id: headers.required(header::TOPIC_ID, "a topic's id", Some)?,
            time: headers
                .required(header::TIME, "milliseconds", millis)
                .map(EventTime::from_millis)?,
            decided_ms: headers.required(header::DECIDED, "milliseconds", millis)?,
            verdict: headers.optional(header::VERDICT, "fraud or legit", Verdict::named)?,
            rules: headers.optional(header::RULES, "a list of rule ids", Some)?,
            shadow: headers.optional(header::SHADOW, "a list of rule ids", Some)?,
            ruleset: headers.optional(header::RULESET, "a fingerprint", text_of)?,
        }))
    }

    /// The ids of the enforcing rules that hit, one by one; `None` where the header is absent.
    #[must_use]
    pub fn rule_ids(&self) -> Option<impl Iterator<Item = &'a str> + use<'a>> {
        self.rules
            .map(|rules| rules.split(',').filter(|id| !id.is_empty()))
    }
}

/// Values by position in [`header::ALL`]: absent, present without a value, present.
struct Headers<'a>([Option<Option<&'a [u8]>>; header::ALL.len()]);

impl<'a> Headers<'a> {
    fn optional<T>(
        &self,
        name: &'static str,
        expected: &'static str,
        read: impl FnOnce(&'a str) -> Option<T>,
    ) -> Result<Option<T>, BrokenHeader> {
        let found = header::ALL
            .iter()
            .position(|known| *known == name)
            .and_then(|at| self.0[at]);
        let Some(value) = found else { return Ok(None) };
        let text = value.and_then(|bytes| std::str::from_utf8(bytes).ok());
        text.and_then(read)
            .map(Some)
            .ok_or(BrokenHeader::Unreadable { name, expected })
    }

    fn required<T>(
        &self,
        name: &'static str,
        expected: &'static str,
        read: impl FnOnce(&'a str) -> Option<T>,
    ) -> Result<T, BrokenHeader> {
        self.optional(name, expected, read)?
            .ok_or(BrokenHeader::Missing(name))
    }
}

fn text_of(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// A record written before 1970 has a negative timestamp, and -1 is Kafka's word for none. Whole, because the lowest
/// of them has no positive twin; as it is printed, so that equal texts and equal times are the same thing.
fn millis(text: &str) -> Option<i64> {
    match text.strip_prefix('-') {
        Some(digits) if digits != "0" && is_decimal(digits) => text.parse().ok(),
        Some(_) => None,
        None => decimal(text),
    }
}

#[cfg(test)]
mod tests;
