//! What a person looks at first.

use crate::{Store, StoreError, value::Value};

/// An alert as it was raised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecentAlert {
    /// The source as text.
    pub id: String,
    /// What is delivered.
    pub body: String,
    /// When it was raised, milliseconds since 1970 UTC.
    pub created_at: i64,
}

impl Store {
    /// The alerts that were raised last among those that wait to be delivered, the latest first. They are found by the index that the
    /// dispatcher uses: a new alert is due when it is raised.
    pub async fn recent_alerts(&self, limit: u32) -> Result<Vec<RecentAlert>, StoreError> {
        let mut session = self.session("read the latest alerts").await?;
        let rows = session
            .query(
                "SELECT id, body, created_at FROM alerts WHERE state = 'pending' ORDER BY next_attempt_at DESC LIMIT ?",
                &[Value::Int(limit.into())],
            )
            .await?;
        let alert = |row: &crate::value::Row| {
            Ok(RecentAlert {
                id: row.text(0)?.to_owned(),
                body: row.text(1)?.to_owned(),
                created_at: row.int(2)?,
            })
        };
        rows.iter().map(alert).collect()
    }
}
