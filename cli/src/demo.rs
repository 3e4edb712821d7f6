//! `fraudstream demo`: all four services in this process, on an embedded cluster and SQLite, with a live page.
//!
//! The services are the ones that run anywhere else; only what they run on is different. The embedded cluster proves nothing about
//! exactly once and keeps little, so payments are held back until they are stored, and the clerk reads the topics along.

mod clerk;
mod counts;
mod options;
mod page;
mod plant;
mod state;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use service::{Process, Signals, admin, drain};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::audit::books::Names;
use crate::audit::{AuditError, Balance};
use clerk::Clerk;
use counts::Counts;
pub use options::Options;
use plant::Plant;

/// How long the rest may take to be stored at the end.
const DRAIN: Duration = Duration::from_secs(30);
/// How long all of the end may take, the books included.
const END: Duration = Duration::from_secs(120);
/// How often the loop looks whether it is over.
const LOOK: Duration = Duration::from_millis(50);

/// Why a demo could not be given.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The embedded cluster did not start.
    #[error("{0}")]
    Cluster(String),
    /// There is no folder for the rows.
    #[error("make a data folder at {path}")]
    Folder {
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Nobody can look at the page.
    #[error(transparent)]
    Page(#[from] admin::BindError),
    /// No signals, so no Ctrl-C.
    #[error("listen to signals")]
    Signals(#[source] std::io::Error),
    /// A metric's name was taken.
    #[error("register metrics")]
    Metrics(#[from] prometheus::Error),
    /// A service ended before it was told to.
    #[error("{service} failed: {why}")]
    Service {
        /// Which.
        service: &'static str,
        /// Why.
        why: String,
    },
    /// Its end took too long, or somebody was in a hurry.
    #[error(transparent)]
    Cut(#[from] drain::Cut),
    /// The books could not be made.
    #[error(transparent)]
    Books(#[from] AuditError),
}

/// Gives the demo until Ctrl-C, or until the counted payments are stored, and answers with the books.
///
/// # Errors
/// When the demo could not start, a service failed, or a second Ctrl-C cut its end off.
pub async fn run(options: Options) -> Result<(Balance, Names), DemoError> {
    let mut signals = Signals::listen().map_err(DemoError::Signals)?;
    let process = Process::new(prometheus::Registry::new())?;
    let demo = give(options, process.clone());
    drain::supervise(demo, &process.shutdown, &mut signals, END).await?
}

async fn give(options: Options, process: Process) -> Result<(Balance, Names), DemoError> {
    let folder = options.folder()?;
    // First, so that nothing has begun when the address is taken.
    let admin = page::open(&options, &process).await?;
    let counts = Arc::new(Counts::default());
    let plant = Plant::build(&options, folder.path(), &counts)?;
    let books = plant.audit_config()?;
    let names = books.names.clone();
    let clerk = Clerk::hire(books, Arc::clone(&counts));
    page::add(&process, &plant, &counts);
    options.greet(admin.address(), &plant.database);

    let outcome = live(&options, &plant, &counts, &process.shutdown).await;
    let drained = plant.drain(&counts, DRAIN).await;
    let balance = clerk.dismiss().await;
    admin.stop().await;
    // Of a service that failed the drain knows why, the life only that it did.
    drained.and(outcome)?;
    Ok((balance?, names))
}

/// Lives until it is told to end, the last counted payment, or a service that failed.
async fn live(
    options: &Options,
    plant: &Plant,
    counts: &Counts,
    shutdown: &CancellationToken,
) -> Result<(), DemoError> {
    let mut told = Instant::now();
    loop {
        tokio::select! {
            () = shutdown.cancelled() => {
                warn!("draining; press Ctrl-C again to end at once");
                return Ok(());
            }
            () = tokio::time::sleep(LOOK) => {}
        }
        plant.check()?;
        counts.look(plant);
        if options.count.is_some_and(|count| counts.settled() >= count) {
            return Ok(());
        }
        if told.elapsed() > Duration::from_secs(1) {
            told = Instant::now();
            plant.cluster.serve();
        }
    }
}
