//! What environment variables mean: text in, types out, every problem named at once.
//!
//! A crate that can be configured has one *room*: a plain struct of `Option<String>` fields that
//! [`envy`] fills from the variables under the room's prefix, and a `pub const VARIABLES:
//! &[Variable]` that says what each of them means. The room's `read(&mut Reading)` turns the text
//! into types. Nothing stops at the first mistake: a [`Reading`] notes every problem with the
//! variable's full name and goes on, and [`Reading::finish`] hands out either the configuration or
//! all [`Problems`] in one message.
//!
//! A room derives no `Debug`: it holds secrets as plain text until they are read.
//!
//! ```
//! use serde::Deserialize;
//! use settings::{Environment, Fallback, Reading, Variable};
//!
//! const PARTITIONS: Variable = Variable::new(
//!     "TOPIC_PARTITIONS",
//!     "count",
//!     Fallback::Value("6"),
//!     "partitions of a new topic",
//! );
//! const VARIABLES: &[Variable] = &[PARTITIONS];
//!
//! #[derive(Default, Deserialize)]
//! #[serde(default)]
//! struct Room {
//!     partitions: Option<String>,
//! }
//!
//! let environment = Environment::from_iter([("TOPIC_PARTITIONS", "twelve")]);
//! let mut reading = Reading::new(&environment);
//! let room: Room = reading.room("TOPIC_");
//! let partitions = reading.within(&PARTITIONS, room.partitions, 1..=10_000_i32);
//! let problems = reading.finish(partitions, &[VARIABLES], &["TOPIC_"]).unwrap_err();
//! let expected = r#"TOPIC_PARTITIONS="twelve": expected a whole number from 1 to 10000"#;
//! assert!(problems.to_string().ends_with(expected));
//! ```
//!
//! This crate knows nothing of Kafka, SQL or the process it runs in. It reads files only where a
//! variable (`X_FILE`) names one.

mod certificates;
mod distance;
mod environment;
mod file;
mod mask;
mod problem;
mod reading;
mod secret;
mod table;
mod text;
mod unknown;
mod variable;

pub use certificates::CertificateFile;
pub use environment::Environment;
pub use problem::{Problem, Problems};
pub use reading::Reading;
pub use secret::Secret;
pub use table::{markdown, table};
pub use text::{FromText, Number};
pub use variable::{Fallback, Variable, prefixes};
