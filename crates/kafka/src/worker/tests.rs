//! The loop on modelled brokers: whatever call fails, however it fails, and whoever comes and goes meanwhile, every record is decided
//! exactly once and the positions end where the records do.

mod brokers;
mod chance;
mod client;
mod every_call;
mod plan;
mod play;
mod stories;
mod world;
mod writer;
