//! What only real brokers show: fencing, timeouts, aborted records that nobody sees, topics that come and go. They are named by
//! `KAFKA_BOOTSTRAP_SERVERS`; without them these tests fail.

// A test is allowed to panic; clippy knows that only of functions marked as tests, not of what they share.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod killed;
mod limits;
mod outside;
mod recreated;
mod replicas;
mod rivals;
mod stopped;
#[path = "../support/mod.rs"]
mod support;
