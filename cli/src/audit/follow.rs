//! `audit --follow`: the books, again and again, as gauges.
//!
//! What was read of the topics stays read, and is kept as bitmaps; tables and positions are read anew in every round, each round
//! in the order that makes one audit right. So a record that is not stored *yet* is in flight in this round and has its row in
//! a later one: it is never missing in between.
//!
//! A round reads what is new on the topics and every key of the tables, so a row that was deleted long after it was stored is
//! noticed in the next round. The bitmaps grow by two bits for each payment at worst for as long as the process lives.

use std::sync::{Arc, Mutex, PoisonError};

use kafka::Limits;
use service::thread::{self, ThreadError};
use service::{Process, clock};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::books::Balance;
use super::{AuditError, Auditor, Config, Metrics};

/// Findings that are named in the log; the one-shot audit names more.
const EXAMPLES: usize = 5;

/// Why following ended before it was told to.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// A metric's name was taken.
    #[error("register metrics")]
    Metrics(#[from] prometheus::Error),
    /// The thread broke down.
    #[error(transparent)]
    Thread(#[from] ThreadError<AuditError>),
}

/// How the last round ended, for the probe: a note, or why it could not tell.
type Last = Arc<Mutex<Result<String, String>>>;

/// Makes the books until it is told to stop. What cannot be told now is tried again in the next round.
///
/// # Errors
/// When metrics or the thread cannot be had.
pub async fn follow(config: Config, process: Process) -> Result<(), FollowError> {
    let metrics = Metrics::register(&process.registry)?;
    let last: Last = Arc::new(Mutex::new(Err("the first reading is not done".to_owned())));
    let asked = Arc::clone(&last);
    process.health.dependency("books", move || {
        asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    });
    let runtime = Handle::current();
    let stop = process.shutdown.clone();
    thread::spawn("audit", move || {
        rounds(&config, &metrics, &last, &runtime, &stop);
        Ok(())
    })
    .await?;
    Ok(())
}

fn rounds(
    config: &Config,
    metrics: &Metrics,
    last: &Last,
    runtime: &Handle,
    stop: &CancellationToken,
) {
    let mut auditor: Option<Auditor> = None;
    let mut told = String::new();
    while !stop.is_cancelled() {
        let limits = Limits::within(config.deadline, stop.clone());
        let outcome = round(&mut auditor, config, runtime, &limits);
        let note = match &outcome {
            Ok(balance) => {
                metrics.told(balance, clock::now_ms());
                Ok(tell(balance, &mut told))
            }
            Err(AuditError::Stopped) => return,
            Err(error) => {
                metrics.could_not_tell();
                let why = error.to_string();
                if why != told {
                    warn!(why, "the audit could not tell; will be tried again");
                    told.clone_from(&why);
                }
                Err(why)
            }
        };
        *last.lock().unwrap_or_else(PoisonError::into_inner) = note;
        let pause = async { tokio::time::timeout(config.interval, stop.cancelled()).await };
        // Either way the loop's own question is next.
        let _ = runtime.block_on(pause);
    }
}

fn round(
    auditor: &mut Option<Auditor>,
    config: &Config,
    runtime: &Handle,
    limits: &Limits,
) -> Result<Balance, AuditError> {
    let auditor_now = match auditor {
        Some(auditor) => auditor,
        None => auditor.insert(Auditor::open(config, EXAMPLES, runtime.clone(), limits)?),
    };
    let outcome = auditor_now.round(limits);
    if let Err(AuditError::Renewed(topic)) = &outcome {
        info!(topic, "the topic was made anew; reading everything again");
        *auditor = None;
    }
    outcome
}

/// Logs what changed, and answers with the note for the probe.
fn tell(balance: &Balance, told: &mut String) -> String {
    let lines: Vec<String> = balance
        .findings
        .iter()
        .map(|finding| format!("{} {}", finding.count, finding.what.sentence()))
        .collect();
    let summary = if lines.is_empty() {
        "the books balance".to_owned()
    } else {
        lines.join("; ")
    };
    if summary != *told {
        match balance.is_even() {
            true => info!("{summary}"),
            false => {
                let examples: Vec<&str> = balance
                    .findings
                    .iter()
                    .flat_map(|finding| &finding.examples)
                    .map(String::as_str)
                    .collect();
                error!(
                    examples = examples.join("; "),
                    "the books do not balance: {summary}"
                );
            }
        }
        told.clone_from(&summary);
    }
    summary
}
