//! Alerts on their way to a webhook: a real store, a real receiver on the loopback, and dispatchers between them.
//!
//! On SQLite, and unchanged on MySQL when `DATABASE_URL` names a server.

// A test is allowed to panic; clippy knows that only of functions marked as tests, not of what they share.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod away;
mod bench;
mod delivered;
mod ended;
mod https;
mod logs;
mod receiver;
mod refused;
mod service_run;
mod shared;
