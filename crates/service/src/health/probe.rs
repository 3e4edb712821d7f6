//! One question, asked where it can do no harm.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::thread::panic_message;

/// A note, or the reason why not.
pub(crate) type Answer = Result<String, String>;

/// An answer is waited for this long: the kubelet's own limit is 1 s by default, and an answer that
/// names the slow dependency is worth more than none.
const LIMIT: Duration = Duration::from_millis(500);

/// A question with its name. Clones ask the same one.
#[derive(Clone)]
pub(crate) struct Probe {
    name: String,
    ask: Arc<dyn Fn() -> Answer + Send + Sync>,
    /// Held while the question is out, by the thread that asks it: one that never comes back costs
    /// one thread and not one for each request.
    turn: Arc<Mutex<()>>,
}

impl Probe {
    pub(crate) fn new(name: String, ask: impl Fn() -> Answer + Send + Sync + 'static) -> Self {
        Self {
            name,
            ask: Arc::new(ask),
            turn: Arc::default(),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Asks on a thread that may block, within the limit.
    pub(crate) async fn ask(&self) -> Answer {
        timeout(LIMIT, self.ask_in_turn())
            .await
            .unwrap_or_else(|_| Err(format!("no answer within {} ms", LIMIT.as_millis())))
    }

    async fn ask_in_turn(&self) -> Answer {
        let turn = Arc::clone(&self.turn).lock_owned().await;
        let ask = Arc::clone(&self.ask);
        let asked = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            ask()
        });
        match asked.await {
            Ok(answer) => answer,
            Err(error) => Err(match error.try_into_panic() {
                Ok(payload) => format!("the probe panicked: {}", panic_message(&*payload)),
                Err(error) => format!("the probe was given up: {error}"),
            }),
        }
    }
}

impl fmt::Debug for Probe {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Probe").field(&self.name).finish()
    }
}
