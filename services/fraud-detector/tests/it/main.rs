//! The detector as a library: on an embedded cluster, and unchanged on real brokers where `KAFKA_BOOTSTRAP_SERVERS` names some.

// A test is allowed to panic; clippy knows that only of functions marked as tests, not of what they share.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod bad_input;
mod corpus;
mod drain;
mod halting;
mod large;
mod numbers;
mod readiness;
#[path = "../support/mod.rs"]
mod support;
mod variables;
mod wire;
