//! The audit over topics and tables: on an embedded cluster and SQLite, and on real servers where the environment names them. And the
//! demo, as people start it.

// A test is allowed to panic; clippy knows that only of functions marked as tests, not of what they share.
#![allow(clippy::unwrap_used)]

mod balanced;
mod command;
#[cfg(feature = "demo")]
mod demo;
mod follow;
mod live;
#[path = "../support/mod.rs"]
mod support;
mod unbalanced;
#[cfg(feature = "demo")] // it brings the four services, whose declarations the page shows
mod variables;
