//! Alerts on their way to whoever must see them.
//!
//! An alert is *due* while it is pending, its next attempt has come and nobody holds a lease on it. Leasing writes the
//! owner and the end of the lease into the row, in a transaction of its own; delivery then happens with no lock held,
//! and several replicas share the work. A lease that runs out makes the alert due again, so one that was delivered by a
//! replica killed right after is delivered twice, under the same id.
//!
//! All times but `created_at` are by the database's clock, the one that all replicas share: one whose own clock is off
//! takes nobody's lease away and puts nothing off.

use sqlx::AssertSqlSafe;

use crate::session::Session;
use crate::value::{Row, Value};
use crate::{RowKey, Store, StoreError, Trouble};

const LEASE: &str = "lease alerts";
const CLOCK: &str = "read the clock";

/// An alert that is ours to deliver until the lease ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// Primary key.
    pub key: RowKey,
    /// The source as text: what a receiver tells a repeated delivery by.
    pub id: String,
    /// What to deliver.
    pub body: String,
    /// Which attempt this is, from 1.
    pub attempt: i64,
    /// When it was raised, milliseconds since 1970 UTC.
    pub created_at: i64,
    pub(crate) lease: Lease,
}

/// What proves that an alert is still ours. The end stands for the lease itself: the same owner may lease again. The
/// default is nobody's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lease {
    pub(crate) owner: String,
    pub(crate) until: i64,
}

impl Store {
    /// Leases up to `limit` alerts that are due at `now`, a time of [`Store::now_ms`], for so many milliseconds; those
    /// due longest come first. After an error some may be leased all the same; they come back when the lease ends.
    pub async fn lease_alerts(
        &self,
        owner: &str,
        limit: u32,
        lease_ms: i64,
        now: i64,
    ) -> Result<Vec<Alert>, StoreError> {
        let lease = Lease {
            owner: owner.to_owned(),
            until: now.saturating_add(lease_ms),
        };
        let mut session = self.session(LEASE).await?;
        session.begin().await?;
        let outcome = take(&mut session, limit, now, &lease).await;
        session.end(outcome).await
    }

    /// The database's clock, milliseconds since 1970 UTC.
    pub async fn now_ms(&self) -> Result<i64, StoreError> {
        let select = format!("SELECT {}", self.dialect().now());
        let mut session = self.session(CLOCK).await?;
        let rows = session.query(AssertSqlSafe(select), &[]).await?;
        let row = rows.first().ok_or_else(|| {
            StoreError::new(
                Trouble::Unexpected,
                CLOCK,
                "a SELECT without rows answered none",
            )
        })?;
        row.int(0)
    }

    /// How many alerts wait to be delivered, leased ones included; counting ends at `most`, since it takes time with each.
    pub async fn pending_alerts(&self, most: u32) -> Result<u32, StoreError> {
        let mut session = self.session("count alerts").await?;
        let rows = session
            .query(
                "SELECT COUNT(*) FROM (SELECT 1 FROM alerts WHERE state = 'pending' LIMIT ?) AS waiting",
                &[Value::Int(most.into())],
            )
            .await?;
        let count = rows.first().map_or(Ok(0), |row| row.int(0))?;
        Ok(u32::try_from(count).unwrap_or(most))
    }
}

async fn take(
    session: &mut Session,
    limit: u32,
    now: i64,
    lease: &Lease,
) -> Result<Vec<Alert>, StoreError> {
    // Replicas pass over rows that another one is leasing at this moment.
    let select = format!(
        "SELECT source_topic_id, source_topic, source_partition, source_offset, id, body, attempts, created_at \
         FROM alerts WHERE state = 'pending' AND next_attempt_at <= ? AND (lease_until IS NULL OR lease_until <= ?) \
         ORDER BY next_attempt_at LIMIT ?{}",
        session.dialect().for_update_skip_locked()
    );
    let due = session
        .query(
            AssertSqlSafe(select),
            &[Value::Int(now), Value::Int(now), Value::Int(limit.into())],
        )
        .await?;
    let alerts = due
        .iter()
        .map(|row| read(row, lease))
        .collect::<Result<Vec<_>, _>>()?;
    if alerts.is_empty() {
        return Ok(alerts);
    }
    let update = format!(
        "UPDATE alerts SET lease_owner = ?, lease_until = ?, attempts = attempts + 1 WHERE {}",
        session.dialect().one_of(alerts.len())
    );
    let mut values = vec![Value::from(&lease.owner), Value::Int(lease.until)];
    values.extend(alerts.iter().flat_map(|alert| Value::key(&alert.key)));
    session.execute(AssertSqlSafe(update), &values).await?;
    Ok(alerts)
}

fn read(row: &Row, lease: &Lease) -> Result<Alert, StoreError> {
    Ok(Alert {
        key: row.key(0)?,
        id: row.text(4)?.to_owned(),
        body: row.text(5)?.to_owned(),
        attempt: row.int(6)? + 1,
        created_at: row.int(7)?,
        lease: lease.clone(),
    })
}
