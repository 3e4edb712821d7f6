//! The command line.

use std::path::PathBuf;

use clap::Parser;

/// Runs the release programs on the brokers of KAFKA_BOOTSTRAP_SERVERS and the MySQL
/// of DATABASE_URL, does to them what the real world does, and counts every payment afterwards.
#[derive(Debug, Clone, Parser)]
#[command(name = "e2e")]
pub struct Arguments {
    /// Where the programs lie; beside this one without it.
    #[arg(long, value_name = "FOLDER")]
    pub programs: Option<PathBuf>,
    /// Lists the scenarios and ends.
    #[arg(long)]
    pub list: bool,
    /// Runs this scenario alone; may be given more than once.
    #[arg(long, value_name = "NAME")]
    pub only: Vec<String>,
    /// Outages of two minutes instead of 20 s.
    #[arg(long)]
    pub long: bool,
    /// Decides what is left to chance: the order of starts and faults, and the payments. Without it,
    /// another one each time.
    #[arg(long)]
    pub seed: Option<u64>,
    /// Payments that are there before the consumers start.
    #[arg(long, default_value_t = 200_000)]
    pub count: u64,
}
