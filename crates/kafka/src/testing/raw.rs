//! A record, owned: what a test compares.

use std::fmt;

use rdkafka::Message as _;
use rdkafka::message::BorrowedMessage;

use crate::headers::Headers;

/// A record as it lies on a topic.
#[derive(Clone, PartialEq, Eq)]
pub struct Raw {
    /// The partition.
    pub partition: i32,
    /// The offset in it.
    pub offset: i64,
    /// Kafka's timestamp in milliseconds since the epoch.
    pub timestamp_ms: Option<i64>,
    /// The key.
    pub key: Option<Vec<u8>>,
    /// The value; `None` is a tombstone.
    pub payload: Option<Vec<u8>>,
    /// Names and values in their order; a name that is not UTF-8 is shown as well as it can be.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
}

impl Raw {
    pub(super) fn new(message: &BorrowedMessage<'_>) -> Self {
        let headers = message.headers().map_or(Headers::None, Headers::Native);
        let owned = |(name, value): (&[u8], Option<&[u8]>)| {
            let name = String::from_utf8_lossy(name).into_owned();
            (name, value.map(<[u8]>::to_vec))
        };
        Self {
            partition: message.partition(),
            offset: message.offset(),
            timestamp_ms: message.timestamp().to_millis(),
            key: message.key().map(<[u8]>::to_vec),
            payload: message.payload().map(<[u8]>::to_vec),
            headers: headers.iter().map(owned).collect(),
        }
    }

    /// The value of the only header of that name, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(known, _)| known == name);
        let (_, value) = values.next()?;
        assert!(values.next().is_none(), "{name} stands there twice");
        std::str::from_utf8(value.as_deref()?).ok()
    }

    /// The key as text, for tables whose keys are names.
    pub fn key_text(&self) -> &str {
        let key = self.key.as_deref().unwrap_or_default();
        std::str::from_utf8(key).unwrap_or_default()
    }
}

/// Short whatever the record holds: a failed comparison of megabytes helps nobody.
impl fmt::Debug for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = |bytes: &[u8]| {
            let head = String::from_utf8_lossy(&bytes[..bytes.len().min(120)]).into_owned();
            format!("{head} ({} bytes)", bytes.len())
        };
        write!(f, "{}/{} key ", self.partition, self.offset)?;
        write!(f, "{:?} ", self.key.as_deref().map(short))?;
        write!(
            f,
            "payload {:?} headers",
            self.payload.as_deref().map(short)
        )?;
        for (name, value) in &self.headers {
            write!(
                f,
                " {name}={}",
                value.as_deref().map(short).unwrap_or_default()
            )?;
        }
        Ok(())
    }
}
