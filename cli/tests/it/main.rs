//! The audit over topics and tables: on an embedded cluster and SQLite, and on real servers where the environment names them.

// A test is allowed to panic; clippy knows that only of functions marked as tests, not of what they share.
#![allow(clippy::unwrap_used)]

mod balanced;
mod command;
mod follow;
mod live;
// What only tests on real servers need as well.
#[allow(dead_code)]
#[path = "../support/pipeline.rs"]
mod pipeline;
mod unbalanced;
