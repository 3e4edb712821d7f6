//! The store over a real database file, and over MySQL as well when `DATABASE_URL` names a server.

// A test is allowed to panic; clippy knows that only of functions marked as tests, not of what they share.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod bad_rows;
#[path = "../support/bench.rs"]
mod bench;
mod books;
mod claims;
mod commits;
mod connecting;
mod databases;
mod duplicates;
mod outbox;
#[path = "../support/rows.rs"]
mod rows;
mod schema;
