//! What whole-system tests are made of: clients, containers, processes, and a checker of their own.
//!
//! Two programs stand on it. `e2e` runs release programs as a person would; `chaos` breaks the containers of compose. No
//! crate of ours is named here: a checker shares no code with what it checks.

// What a run says is its product, and the last line is read by others.
#![allow(clippy::print_stdout, clippy::print_stderr)]

pub mod arguments;
pub mod audit;
pub mod bench;
pub mod checker;
pub mod child;
pub mod command;
pub mod compose;
pub mod database;
pub mod failure;
pub mod fleet;
pub mod http;
pub mod journal;
pub mod judge;
pub mod kafka;
pub mod load;
pub mod machine;
pub mod odd;
pub mod repository;
pub mod scenario;
pub mod service;
pub mod stage;
pub mod system;
pub mod usage;
pub mod wait;
