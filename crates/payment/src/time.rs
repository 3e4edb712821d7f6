//! When a payment happened, as the whole system counts it.

use std::fmt;

/// Event time: the source record's Kafka timestamp, milliseconds since 1970-01-01 UTC.
///
/// Not DATE and TIME: those carry no zone, resolve to a second and repeat an hour each autumn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventTime(i64);

impl EventTime {
    /// So many milliseconds after the epoch.
    #[must_use]
    pub const fn from_millis(millis: i64) -> EventTime {
        EventTime(millis)
    }

    /// Milliseconds after the epoch.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }
}

impl fmt::Display for EventTime {
    /// Decimal milliseconds, as the header `fs-time` carries them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
