//! How a process lives: configuration, logs, metrics, the admin server, readiness and the way out.
//!
//! A service hands its configuration's reader and its one verb to [`Program::start`], and its
//! `main.rs` is a table of contents:
//!
//! ```no_run
//! use std::process::ExitCode;
//!
//! use service::{Process, Program};
//! use settings::Reading;
//!
//! struct Config;
//!
//! fn read(_: &mut Reading) -> Option<Config> {
//!     Some(Config)
//! }
//!
//! async fn run(_: Config, process: Process) -> Result<(), std::io::Error> {
//!     process.health.dependency("kafka", || Ok("joined the group".to_owned()));
//!     process.shutdown.cancelled().await;
//!     Ok(())
//! }
//!
//! fn main() -> ExitCode {
//!     let program = Program {
//!         name: env!("CARGO_PKG_NAME"),
//!         version: env!("CARGO_PKG_VERSION"),
//!         about: "answers nothing, loudly",
//!         variables: &[service::VARIABLES],
//!     };
//!     program.start(read, run)
//! }
//! ```
//!
//! A program that is more than one service (the command line tool) takes the parts: [`Process`],
//! [`admin::serve`], [`logs::init`], [`Signals`] and [`drain::supervise`].
//!
//! **Invariant:** nothing else in the workspace reads the wall clock ([`clock`]) or installs a
//! signal handler ([`Signals`]).

pub mod admin;
pub mod clock;
pub mod drain;
pub mod healthcheck;
pub mod logs;
pub mod metrics;
#[cfg(feature = "testing")]
pub mod testing;
pub mod thread;

mod causes;
mod config;
mod health;
mod pages;
mod process;
mod program;
mod signals;

pub use causes::causes;
pub use config::{Config, VARIABLES};
pub use health::{Health, Report};
pub use pages::Pages;
pub use process::Process;
pub use program::Program;
pub use signals::Signals;
