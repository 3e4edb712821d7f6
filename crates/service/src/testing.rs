//! What tests need to watch a service live: in this process, or as a process of its own.
//!
//! Behind the feature `testing`, for `[dev-dependencies]` alone. Nothing here answers with an error: a test that cannot go on
//! panics with the sentence that says why.

#![allow(clippy::expect_used, clippy::unwrap_used)] // a test's helper panics; clippy only knows what is inside of #[cfg(test)]

mod child;
mod observed;
mod running;
mod tls_servers;
mod until;

pub use child::{Child, Ended, get};
pub use observed::Observed;
pub use running::Running;
pub use tls_servers::TlsServers;
pub use until::{DEADLINE, until};
