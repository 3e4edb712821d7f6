//! The command line.

use std::path::PathBuf;

use clap::Parser;

/// Asks the Prometheus of a running system every query of every dashboard, and whether there is a series
/// for every selector of every rule. Exit code 0 if all have data, 1 if not.
#[derive(Debug, Clone, Parser)]
#[command(name = "smoke")]
pub struct Arguments {
    /// Where Prometheus answers; without it, 127.0.0.1 at PROMETHEUS_PORT, or 9090.
    #[arg(long, value_name = "HOST:PORT")]
    prometheus: Option<String>,
    /// When the system was started, in seconds since 1970; without it, now.
    #[arg(long, value_name = "UNIX_SECONDS")]
    pub since: Option<u64>,
    /// Seconds after the start in which everything has to have data.
    #[arg(long, default_value_t = 90, value_name = "SECONDS")]
    pub within: u64,
    /// The folder of dashboards, rules and rightly-empty.txt.
    #[arg(long, value_name = "FOLDER", default_value = "dashboards")]
    pub dashboards: PathBuf,
}

impl Arguments {
    /// Where Prometheus answers.
    pub fn prometheus(&self) -> String {
        self.prometheus.clone().unwrap_or_else(|| {
            let port = std::env::var("PROMETHEUS_PORT").ok();
            let port = port.filter(|port| !port.is_empty());
            format!("127.0.0.1:{}", port.as_deref().unwrap_or("9090"))
        })
    }
}
