//! Somebody who is in everybody's way.

use std::path::Path;

use sqlx::{Connection as _, SqliteConnection};

/// A writer of an SQLite file who never finishes: until it is dropped, nobody else writes.
pub struct Writer {
    _connection: SqliteConnection,
}

impl Writer {
    /// Begins to write to this file, as soon as nobody else does.
    pub async fn begin(path: &Path) -> Self {
        let url = format!("sqlite:{}", path.display());
        let mut connection = SqliteConnection::connect(&url).await.expect("a connection");
        sqlx::raw_sql("BEGIN IMMEDIATE")
            .execute(&mut connection)
            .await
            .expect("the lock");
        Self {
            _connection: connection,
        }
    }
}
