//! The databases that are at hand.

use std::future::Future;

use tempfile::TempDir;

use crate::bench::{Bench, on_mysql};

/// Runs a test on a new SQLite file, and on a new MySQL database when `DATABASE_URL` names a server.
pub async fn on_every_database<T, F>(test: T)
where
    T: Fn(Bench) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    let directory = TempDir::new().unwrap();
    let url = format!("sqlite:{}", directory.path().join("rows.db").display());
    test(Bench::new(url).await).await;
    if let Ok(server) = std::env::var("DATABASE_URL") {
        on_mysql(&server, test).await;
    }
}
