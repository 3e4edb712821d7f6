//! The processor as a process, on a MySQL and a broker that ask for TLS and passwords: `make test-tls` starts them.

// A test is allowed to panic; clippy knows that only of functions marked as tests, not of what they share.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod admitted;
mod changed;
mod door;
mod processor;
mod refused;
mod servers;
