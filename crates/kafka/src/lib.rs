//! How payments travel: everything between a service and its brokers. The only crate that names rdkafka.
//!
//! The heart is [`worker`]: consume, route and produce in one Kafka transaction. [`Consumer`] is the half of it that sinks use
//! alone. What librdkafka gets told stands in `client`, each setting with its reason.

mod bounded;
mod client;
mod config;
mod connection;
mod consumer;
mod context;
mod embedded;
mod fault;
mod headers;
mod lag;
mod ledger;
mod log;
mod metrics;
mod native;
mod producer;
mod properties;
mod range;
mod record;
#[cfg(feature = "testing")]
pub mod testing;
mod topic;
mod transaction;
mod vitals;
pub mod worker;

pub use config::{Authorities, Config, Credentials, Mechanism, Security};
pub use connection::Connection;
pub use consumer::{Committed, Consume, ConsumeFault, Consumer, Fetched, Polled, Position};
pub use context::Rebalance;
pub use embedded::Embedded;
pub use fault::{Call, Fate, Fault};
pub use headers::{HeaderList, Headers};
pub use log::{Limits, LogError, LogReader, Span, Watermarks};
pub use metrics::{Metrics, Outcome};
pub use producer::{Cause, Loss, NewRecord, Producer, Publish, Reports, Sent};
pub use range::{out_of_range, resolved};
pub use record::{Received, Record};
pub use topic::{Creation, Ensured, Role, Topic, TopicError, ensure};
pub use transaction::{Handed, Outgoing, Produce, TransactionalProducer};
pub use vitals::Vitals;
