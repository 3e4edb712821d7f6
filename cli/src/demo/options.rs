//! What a person may ask of the demo.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::demo::DemoError;

/// Shows the whole pipeline on this machine: embedded Kafka, SQLite, four services, a live page. Nothing to install.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// Payments per second
    #[arg(long, default_value_t = 200.0, value_name = "N", value_parser = rate)]
    pub rate: f64,

    /// Produce N payments as fast as possible, store them, then exit
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub count: Option<u64>,

    /// Folder for the rows; each run in it is a new run [default: a temporary one, removed at the end]
    #[arg(long, value_name = "FOLDER")]
    pub data_dir: Option<PathBuf>,

    /// Where the live page listens [default: 127.0.0.1:8080, or a free port when that is taken]
    #[arg(long, value_name = "HOST:PORT")]
    pub page: Option<SocketAddr>,

    /// Seed of the generated payments [default: random]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

    /// Print the books as one JSON object, the last line of stdout
    #[arg(long)]
    pub json: bool,
}

/// Where rows are kept: until the end of the demo, or for good.
pub enum Folder {
    /// Removed when dropped.
    Temporary(tempfile::TempDir),
    /// Asked for.
    Kept(PathBuf),
}

impl Folder {
    /// Where it is.
    pub fn path(&self) -> &Path {
        match self {
            Self::Temporary(folder) => folder.path(),
            Self::Kept(path) => path,
        }
    }
}

impl Options {
    /// Makes the folder for the rows.
    pub fn folder(&self) -> Result<Folder, DemoError> {
        let failed = |path: PathBuf| move |source| DemoError::Folder { path, source };
        match &self.data_dir {
            Some(path) => {
                std::fs::create_dir_all(path).map_err(failed(path.clone()))?;
                Ok(Folder::Kept(path.clone()))
            }
            None => {
                let folder = tempfile::Builder::new().prefix("fraudstream-").tempdir();
                folder
                    .map(Folder::Temporary)
                    .map_err(failed(std::env::temp_dir()))
            }
        }
    }

    /// Says what there is to see. To stderr: stdout is for the books.
    #[allow(clippy::print_stderr)] // for the person at the terminal, not for a log
    pub fn greet(&self, page: SocketAddr, database: &Path) {
        let pace = match self.count {
            Some(count) => format!("{count} payments, as fast as possible"),
            None => format!("{} payments per second", self.rate),
        };
        eprintln!("fraudstream demo: four services on an embedded Kafka and SQLite, {pace}\n");
        eprintln!("  page    http://{page}/");
        eprintln!("  rows    {}", database.display());
        eprintln!("\nPress Ctrl-C to finish storing and print the books.\n");
    }
}

fn rate(text: &str) -> Result<f64, String> {
    let rate: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    (0.001..=100_000.0)
        .contains(&rate)
        .then_some(rate)
        .ok_or_else(|| "expected 0.001 to 100000".to_owned())
}
