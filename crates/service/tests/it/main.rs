//! The admin server over loopback, and a whole program as a process of its own.

#![allow(
    clippy::expect_used,
    reason = "helpers of tests are tests: a panic is their answer"
)]

mod abuse;
mod admin;
mod child;
mod healthcheck;
mod http;
mod program;
mod shutdown;
mod thread;
