//! Where a payment came from: its identity, everywhere.

use std::fmt;
use std::str::FromStr;

/// The place of a payment in `payments`. No two payments share one, and a replay finds the same one again.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source {
    /// The topic's name.
    pub topic: String,
    /// The partition, from 0.
    pub partition: i32,
    /// The offset in the partition, from 0.
    pub offset: i64,
}

/// A text that is not a [`Source`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected topic/partition/offset")]
pub struct NotASource;

impl fmt::Display for Source {
    /// `topic/partition/offset`; no topic's name can hold a slash.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.topic, self.partition, self.offset)
    }
}

impl FromStr for Source {
    type Err = NotASource;

    /// Reads exactly what [`Source`] prints: no sign, no leading zero, no space. So equal texts and equal sources
    /// are the same thing.
    fn from_str(text: &str) -> Result<Source, NotASource> {
        let mut parts = text.split('/');
        let (Some(topic), Some(partition), Some(offset), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(NotASource);
        };
        if topic.is_empty() {
            return Err(NotASource);
        }
        let partition = decimal(partition)
            .and_then(|number| i32::try_from(number).ok())
            .ok_or(NotASource)?;
        let offset = decimal(offset).ok_or(NotASource)?;
        Ok(Source {
            topic: topic.to_owned(),
            partition,
            offset,
        })
    }
}

/// A count as our own programs write it.
pub(crate) fn decimal(text: &str) -> Option<i64> {
    if is_decimal(text) {
        text.parse().ok()
    } else {
        None
    }
}

/// ASCII digits, no sign, no leading zero; there may be none at all.
pub(crate) fn is_decimal(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_reads_what_it_prints() {
        for text in ["payments/0/0", "a.b_c-d/2147483647/9223372036854775807"] {
            assert_eq!(text.parse::<Source>().expect(text).to_string(), text);
        }
    }

    #[test]
    fn anything_that_prints_otherwise_is_not_a_source() {
        for text in [
            "",
            "payments",
            "payments/0",
            "/0/0",
            "payments//0",
            "payments/0/",
            "payments/0/0/0",
            "payments/-1/0",
            "payments/0/-1",
            "payments/+1/0",
            "payments/01/0",
            "payments/0/00",
            "payments/2147483648/0",
            "payments/0/9223372036854775808",
            "payments/0/ 1",
            "payments/0/1\n",
            "payments/٣/1",
        ] {
            assert_eq!(text.parse::<Source>(), Err(NotASource), "{text}");
        }
    }
}
