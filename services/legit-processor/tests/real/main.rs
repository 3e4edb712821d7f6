//! What only real brokers and a real MySQL show: partitions that change hands under load, processes that are killed or stopped in the
//! middle of a batch, connections that break around a COMMIT. The primary key is gone in most of them, so that it cannot hide a
//! row that was stored twice. `KAFKA_BOOTSTRAP_SERVERS` and `DATABASE_URL` name the servers; without them these tests fail.

// A test is allowed to panic; clippy knows that only of functions marked as tests, not of what they share.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod away;
mod cut;
mod drain;
mod killed;
mod outside;
mod replicas;
mod stopped;
#[path = "../support/mod.rs"]
mod support;

use sink::testing::Bench;
use store::Table;

/// What is stored already, by the process itself.
const STORED: &str = "payments_stored_total{state=\"visa\",table=\"legit_payments\"}";

/// A bench whose table takes every row, also a second time.
fn bench(partitions: i32) -> Bench {
    let bench = Bench::real(Table::Legit, partitions);
    bench.without_primary_keys();
    bench
}
