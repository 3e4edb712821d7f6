//! A record as it lies on a topic, borrowed from whoever received it.

use crate::headers::Headers;

/// One record of a topic. Nothing is copied: every field borrows from the received message.
#[derive(Clone, Copy)]
pub struct Record<'a> {
    /// The topic it was read from.
    pub topic: &'a str,
    /// The partition it was read from.
    pub partition: i32,
    /// Its offset in that partition. Offsets have gaps: a transaction's control records take some.
    pub offset: i64,
    /// Kafka's timestamp in milliseconds since the epoch, UTC; `None` when the record carries none.
    pub timestamp_ms: Option<i64>,
    /// The key, if there is one. An empty key is a key.
    pub key: Option<&'a [u8]>,
    /// The value; `None` is a tombstone.
    pub payload: Option<&'a [u8]>,
    /// The headers, in their order.
    pub headers: Headers<'a>,
}

/// Something received that can be looked at as a [`Record`].
pub trait Received {
    /// The record inside, borrowed for as long as this message is held.
    fn record(&self) -> Record<'_>;
}
