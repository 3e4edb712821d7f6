//! Waiting for a condition, and never for a time.

use std::time::{Duration, Instant};

/// No test waits longer for one thing.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// Looks until there is something to see; panics with what was there instead when it never is.
pub fn until<T>(mut look: impl FnMut() -> Result<T, String>) -> T {
    let end = Instant::now() + DEADLINE;
    loop {
        match look() {
            Ok(seen) => return seen,
            Err(instead) => assert!(Instant::now() < end, "{instead}"),
        }
        std::thread::sleep(PAUSE);
    }
}
