//! The command line.

use clap::Parser;

/// Breaks the containers of docker-compose.yml, one fault after the other and two at a time, while payments flow, and
/// counts every one of them afterwards. What happens is drawn from the seed: the same seed, the same faults.
#[derive(Debug, Clone, Parser)]
#[command(name = "chaos")]
pub struct Arguments {
    /// Decides which faults come, to whom, when and for how long, and what the payments are. Without it, another one each
    /// time; it is printed.
    #[arg(long)]
    pub seed: Option<u64>,
    /// So long faults are dealt, and as long as it takes to deal eleven in ten minutes.
    #[arg(long, default_value_t = 60)]
    pub minutes: u64,
    /// Deals so many faults, however long that takes, or one more when the last two come together.
    #[arg(long, conflicts_with = "minutes")]
    pub faults: Option<usize>,
    /// Payments a second that are sent by us, beside those of payment-producer.
    #[arg(long, default_value_t = 400)]
    pub rate: u64,
    /// Nobody may have said what became of more than so many percent of our payments. Who chooses faults that take the brokers
    /// away for most of a run has to allow more.
    #[arg(long, default_value_t = 10)]
    pub unknown_percent: usize,
    /// Prints the schedule and ends.
    #[arg(long)]
    pub list: bool,
    /// Deals these faults instead of those that are drawn, alone and in this order; `--list` shows what they are called.
    #[arg(long, value_name = "FAULT")]
    pub only: Vec<String>,
    /// Leaves the containers and their data for whoever wants to look at them.
    #[arg(long)]
    pub keep: bool,
    /// MySQL has a small disk, which is filled up: the one fault, in a run of its own.
    #[arg(long, conflicts_with_all = ["minutes", "faults", "only", "list"])]
    pub full_disk: bool,
}
