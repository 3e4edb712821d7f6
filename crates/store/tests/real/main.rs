//! What only a real MySQL can show: locks, lost answers, refusals. `DATABASE_URL` names a user who may create databases.

// A test is allowed to panic; clippy knows that only of functions marked as tests, not of what they share.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../support/bench.rs"]
mod bench;
mod broken_calls;
mod locks;
mod lost_answers;
mod migrating;
mod refusals;
#[path = "../support/rows.rs"]
mod rows;

/// The server under test. Without one there is nothing to show, which is a failure.
fn server() -> String {
    std::env::var("DATABASE_URL")
        .expect("DATABASE_URL must name a MySQL server, and a user who may create databases")
}
