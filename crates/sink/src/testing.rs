//! What tests need around a processor: a cluster and a database of their own, records as a detector or the replaced system sends
//! them, and what stands in the tables in the end.
//!
//! Behind the feature `testing`, for `[dev-dependencies]` alone. Nothing here answers with an error: a test that cannot go on
//! panics with the sentence that says why.

#![allow(clippy::expect_used)] // a test's helper panics; clippy only knows what is inside of #[cfg(test)]

mod bench;
mod load;
mod output;
mod payloads;
mod rows;

pub use bench::Bench;
pub use load::{check, send, send_committed};
pub use output::{DECIDED_MS, Output, TIME_MS, TOPIC_ID};
pub use payloads::{BITCOIN, FULL, VISA, of_bytes, with};
pub use rows::{foreign, ours};
