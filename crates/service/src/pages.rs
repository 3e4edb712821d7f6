//! Pages that a service shows beside its metrics and probes.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// The pages of a process. Clones share them.
#[derive(Clone, Default)]
pub struct Pages(Arc<Mutex<Vec<Page>>>);

/// A path, the kind of what is there, and who makes it.
#[derive(Clone)]
struct Page {
    path: &'static str,
    kind: &'static str,
    make: Arc<dyn Fn() -> String + Send + Sync>,
}

impl Pages {
    /// Shows at `path` what `make` answers at each request. It is asked on the server's own threads, so it should be quick.
    pub fn add(
        &self,
        path: &'static str,
        kind: &'static str,
        make: impl Fn() -> String + Send + Sync + 'static,
    ) {
        self.pages().push(Page {
            path,
            kind,
            make: Arc::new(make),
        });
    }

    /// The kind and the text of the page at `path`.
    pub(crate) fn get(&self, path: &str) -> Option<(&'static str, String)> {
        let page = self
            .pages()
            .iter()
            .find(|page| page.path == path)
            .cloned()?;
        Some((page.kind, (page.make)()))
    }

    fn pages(&self) -> std::sync::MutexGuard<'_, Vec<Page>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.pages().iter().map(|page| page.path))
            .finish()
    }
}
