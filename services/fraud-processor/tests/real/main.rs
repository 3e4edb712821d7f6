//! What only real brokers and a real MySQL show of alerts: replicas that come, go and are killed under load raise each of them once.
//! `KAFKA_BOOTSTRAP_SERVERS` and `DATABASE_URL` name the servers; without them these tests fail.

// A test is allowed to panic; clippy knows that only of functions marked as tests, not of what they share.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod replicas;
#[path = "../support/mod.rs"]
mod support;
