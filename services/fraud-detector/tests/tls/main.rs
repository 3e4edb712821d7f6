//! The detector as a process, on a broker that asks for TLS and passwords: `make test-tls` starts one.

// A test is allowed to panic; clippy knows that only of functions marked as tests, not of what they share.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod admitted;
mod broker;
mod changed;
mod detector;
mod mismatched;
mod refused;
mod stream;
