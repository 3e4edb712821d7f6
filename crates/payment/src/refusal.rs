//! Why bytes are not a payment.

use std::fmt;

/// The closed list of reasons for which a record is refused: a metric's label and a header's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The record has no payload at all: a delete marker on a compacted topic.
    Tombstone,
    /// The payload has no bytes.
    EmptyPayload,
    /// The bytes are not UTF-8.
    NotUtf8,
    /// The text is not one JSON document, or holds text that no UTF-8 can say (half a surrogate pair).
    NotJson,
    /// The document is a list, a text, a number: not an object.
    NotAnObject,
    /// A field that we read stands there twice.
    DuplicateField,
    /// One of the five required fields is not there.
    MissingField,
    /// A field has another JSON type than the wire says.
    WrongType,
    /// A text has more than [`TEXT_LIMIT`](crate::TEXT_LIMIT) characters.
    FieldTooLong,
    /// DATE is not a day of the calendar, written `%m/%d/%Y`.
    BadDate,
    /// TIME is not a time of the day, written `%H:%M:%S`.
    BadTime,
    /// AMOUNT is below 0, above 10^13 or finer than a hundredth.
    BadAmount,
}

/// A refused payload: the reason, and a sentence for the person who looks into the dead letters.
///
/// The detail is short whatever came in, and holds names of fields, positions and expectations only:
/// never a value, which could be an account or a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}: {detail}")]
pub struct Refusal {
    /// Which of the closed list.
    pub reason: Reason,
    /// Where and what was expected.
    pub detail: String,
}

impl Reason {
    /// Every reason, for counters that exist before the first refusal.
    pub const ALL: &[Reason] = &[
        Reason::Tombstone,
        Reason::EmptyPayload,
        Reason::NotUtf8,
        Reason::NotJson,
        Reason::NotAnObject,
        Reason::DuplicateField,
        Reason::MissingField,
        Reason::WrongType,
        Reason::FieldTooLong,
        Reason::BadDate,
        Reason::BadTime,
        Reason::BadAmount,
    ];

    /// The name in metrics and in the header `fs-reason`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Reason::Tombstone => "tombstone",
            Reason::EmptyPayload => "empty_payload",
            Reason::NotUtf8 => "not_utf8",
            Reason::NotJson => "not_json",
            Reason::NotAnObject => "not_an_object",
            Reason::DuplicateField => "duplicate_field",
            Reason::MissingField => "missing_field",
            Reason::WrongType => "wrong_type",
            Reason::FieldTooLong => "field_too_long",
            Reason::BadDate => "bad_date",
            Reason::BadTime => "bad_time",
            Reason::BadAmount => "bad_amount",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Refusal {
    pub(crate) fn new(reason: Reason, detail: impl Into<String>) -> Refusal {
        Refusal {
            reason,
            detail: detail.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_a_name_of_its_own_that_a_metric_can_carry() {
        let names: std::collections::BTreeSet<_> =
            Reason::ALL.iter().map(|reason| reason.as_str()).collect();
        assert_eq!(names.len(), Reason::ALL.len());
        assert!(names.iter().all(|name| {
            name.bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_' || byte == b'8')
        }));
    }

    #[test]
    fn the_list_of_all_reasons_forgets_none() {
        let last = Reason::BadAmount;
        assert_eq!(Reason::ALL.len(), last as usize + 1);
        assert!(Reason::ALL.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
