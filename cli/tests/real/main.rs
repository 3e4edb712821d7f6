//! What only real servers can show: transactions, retention, topics made anew, and the program itself over them.

// A test is allowed to panic; clippy knows that only of functions marked as tests, not of what they share.
#![allow(clippy::unwrap_used)]

mod command;
mod logs;
#[path = "../support/mod.rs"]
mod support;
mod transactions;
