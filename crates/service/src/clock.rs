//! The only wall clock. Durations are measured with [`std::time::Instant`], which never goes back.

use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970-01-01 UTC, as Kafka's timestamps are.
#[allow(
    clippy::disallowed_methods,
    reason = "this is the one place that is allowed to"
)]
pub fn now_ms() -> i64 {
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
}
