//! What a running service shares with the process around it.

use prometheus::Registry;
use tokio_util::sync::CancellationToken;

use crate::{Health, Pages};

/// Handed to a service's `run`. Clones share everything.
#[derive(Clone, Debug)]
pub struct Process {
    /// Where the service registers its metrics.
    pub registry: Registry,
    /// Where the service says how to ask whether it is alive and ready.
    pub health: Health,
    /// Cancelled when the service has to drain and end. A service may cancel it too.
    pub shutdown: CancellationToken,
    /// What the admin server shows besides.
    pub pages: Pages,
}

impl Process {
    /// A process around `registry`, which gets the readiness gauge. Fails when the registry already
    /// has one: every service of a process needs a registry of its own.
    pub fn new(registry: Registry) -> Result<Self, prometheus::Error> {
        Ok(Self {
            health: Health::register(&registry)?,
            registry,
            shutdown: CancellationToken::new(),
            pages: Pages::default(),
        })
    }
}
