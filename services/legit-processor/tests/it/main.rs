//! The legit-processor as a library: on an embedded cluster and SQLite, and unchanged on real brokers and MySQL where
//! `KAFKA_BOOTSTRAP_SERVERS` and `DATABASE_URL` name some. How a partition comes to rest is the sink's, and shown here for both
//! processors.

// A test is allowed to panic; clippy knows that only of functions marked as tests, not of what they share.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod bad_input;
mod drain;
mod headers;
mod large;
mod numbers;
mod patience;
mod readiness;
mod repeated;
mod restart;
#[path = "../support/mod.rs"]
mod support;
mod variables;
mod wire;
