//! What tests need around a service: a cluster, topics of their own, records as no service would send them, and everything that a
//! topic holds in the end.
//!
//! Behind the feature `testing`, for `[dev-dependencies]` alone. Nothing here answers with an error: a test that cannot go on
//! panics with the sentence that says why.

#![allow(clippy::expect_used)] // a test's helper panics; clippy only knows what is inside of #[cfg(test)]

mod cluster;
mod load;
mod positions;
mod raw;
mod reader;
mod sender;

pub use cluster::Cluster;
pub use load::Load;
pub use positions::Committer;
pub use raw::Raw;
pub use reader::Reader;
pub use sender::{Refused, Sender, Sending};
