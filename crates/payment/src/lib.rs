//! What a payment is: its fields, its money, its wire form and the words for what becomes of it.
//!
//! Pure: no input or output, no clock, no randomness, no Kafka. Bytes come in through
//! [`Payment::try_from`], the only door, which answers with a payment or a [`Refusal`] that names its
//! [`Reason`]; they go out through [`wire::write`]. What travels beside the bytes, in record headers,
//! is named in [`header`] and read back as [`Provenance`].

mod amount;
mod business;
mod field;
pub mod header;
mod kind;
mod parse;
mod payment;
mod provenance;
mod refusal;
mod source;
mod time;
mod verdict;
pub mod wire;

pub use amount::{Amount, AmountError};
pub use field::TEXT_LIMIT;
pub use kind::{PaymentType, Recipient};
pub use payment::{Fields, Payment};
pub use provenance::{BrokenHeader, Provenance};
pub use refusal::{Reason, Refusal};
pub use source::{NotASource, Source};
pub use time::EventTime;
pub use verdict::Verdict;
