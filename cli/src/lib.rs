//! `fraudstream`: the command that a person types. A verb is a module: `demo`, [`mod@audit`].

pub mod audit;
mod command;
#[cfg(feature = "demo")]
pub mod demo;

pub use command::main;
