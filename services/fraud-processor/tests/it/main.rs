//! The fraud-processor as a library: on an embedded cluster and SQLite, and unchanged on real brokers and MySQL where
//! `KAFKA_BOOTSTRAP_SERVERS` and `DATABASE_URL` name some. What both processors have from the sink is shown by legit-processor's
//! tests; here is what this one makes of a payment.

// A test is allowed to panic; clippy knows that only of functions marked as tests, not of what they share.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod alerts;
mod bad_input;
mod numbers;
mod states;
#[path = "../support/mod.rs"]
mod support;
mod variables;
