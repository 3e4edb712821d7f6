//! The way out: work that is asked to end, and how long it may take.
//!
//! 1. The first signal, or the service itself, cancels the shutdown token.
//! 2. The work drains: it stops its intake, finishes, commits, leaves its group and returns.
//! 3. A second signal, or the deadline, cuts it off. What it had not committed is done again by
//!    whoever comes next: a cut repeats work and loses none.

use std::pin::pin;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::Signals;

/// Why work was cut off before it had drained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Cut {
    /// It took too long.
    #[error("draining took longer than {} ms and was cut off", .0.as_millis())]
    Deadline(Duration),
    /// Somebody is in a hurry.
    #[error("a second signal ({0}) cut draining off")]
    Signal(&'static str),
}

/// Runs `work` until it ends by itself or is cut off. `deadline` counts from the moment `shutdown`
/// is cancelled, which the first signal does.
pub async fn supervise<F: Future>(
    work: F,
    shutdown: &CancellationToken,
    signals: &mut Signals,
    deadline: Duration,
) -> Result<F::Output, Cut> {
    let mut work = pin!(work);
    let signal = tokio::select! {
        biased;
        output = &mut work => return Ok(output),
        signal = signals.next() => Some(signal),
        () = shutdown.cancelled() => None,
    };
    shutdown.cancel();
    info!(
        reason = signal.unwrap_or("the service"),
        deadline_ms = deadline.as_millis() as u64,
        "draining"
    );

    let mut end = pin!(sleep_until(Instant::now() + deadline));
    let mut spare_signal = signal.is_none();
    loop {
        tokio::select! {
            biased;
            output = &mut work => return Ok(output),
            // When the service itself began, the first signal only repeats that.
            signal = signals.next() => match spare_signal {
                true => {
                    info!(reason = signal, "already draining");
                    spare_signal = false;
                }
                false => return Err(Cut::Signal(signal)),
            },
            () = &mut end => return Err(Cut::Deadline(deadline)),
        }
    }
}
