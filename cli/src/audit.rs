//! `fraudstream audit`: do the books balance? Anybody may ask, at any time; it takes part in nothing and changes nothing.
//!
//! What the numbers mean and why they can be trusted stands in [`books`]; who reads what they are made of, in `auditor`.

mod auditor;
pub mod books;
mod config;
mod error;
mod follow;
mod metrics;
mod origin;
mod position;
pub mod report;

use kafka::Limits;
use service::thread;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

pub use auditor::Auditor;
pub use books::Balance;
pub use config::Config;
pub use error::AuditError;
pub use follow::{FollowError, follow};
pub use metrics::Metrics;

/// Makes the books once. Of each kind of finding up to `examples` are named.
///
/// # Errors
/// When it could not be told whether they balance.
pub async fn audit(
    config: Config,
    examples: usize,
    stop: CancellationToken,
) -> Result<Balance, AuditError> {
    let runtime = Handle::current();
    let once = move || {
        let limits = Limits::within(config.deadline, stop);
        Auditor::open(&config, examples, runtime, &limits)?.round(&limits)
    };
    Ok(thread::spawn("audit", once).await?)
}
