//! What only real servers can show: transactions, retention, topics made anew, and the program itself over them.

// A test is allowed to panic; clippy knows that only of functions marked as tests, not of what they share.
#![allow(clippy::unwrap_used)]

mod command;
mod logs;
// What tests without transactions need as well.
#[allow(dead_code)]
#[path = "../support/pipeline.rs"]
mod pipeline;
mod transactions;
