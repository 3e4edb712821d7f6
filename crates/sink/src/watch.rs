//! What a sink tells, and probes ask.

use std::sync::{Arc, Mutex, PoisonError};

use kafka::{Connection, Vitals};

/// Shared between a sink and the probes of its process.
#[derive(Debug, Clone, Default)]
pub struct Watch {
    /// The loop and its group.
    pub vitals: Arc<Vitals>,
    /// The brokers.
    pub connection: Arc<Connection>,
    /// The database's last word: `None` before the first one.
    database: Arc<Mutex<Option<Result<(), String>>>>,
}

impl Watch {
    /// Whether the sink has joined its group and the brokers answer.
    ///
    /// # Errors
    /// A sentence that says what it waits for.
    pub fn kafka(&self) -> Result<String, String> {
        self.connection.answers()?;
        self.vitals.ready()
    }

    /// Whether the database answered when it was last asked.
    ///
    /// # Errors
    /// What it said instead.
    pub fn database(&self) -> Result<String, String> {
        match &*self.database.lock().unwrap_or_else(PoisonError::into_inner) {
            None => Err("has not answered yet".to_owned()),
            Some(Ok(())) => Ok("answers".to_owned()),
            Some(Err(why)) => Err(why.clone()),
        }
    }

    /// The database answered, or not.
    pub(crate) fn heard(&self, answer: Result<(), String>) {
        *self.database.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
    }
}
