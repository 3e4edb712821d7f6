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
use crate::{RowKey, Store, StoreError, Trouble, limits};

const LEASE: &str = "lease alerts";
const MARK: &str = "mark an alert";
const CLOCK: &str = "read the clock";

const OF_KEY: &str =
    "source_topic_id = ? AND source_topic = ? AND source_partition = ? AND source_offset = ?";

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
    lease: Lease,
}

/// What proves that an alert is still ours. The end stands for the lease itself: the same owner may lease again.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Lease {
    owner: String,
    until: i64,
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
        match take(&mut session, limit, now, &lease).await {
            Ok(alerts) => {
                session.commit().await?;
                Ok(alerts)
            }
            Err(error) => {
                session.rollback().await;
                Err(error)
            }
        }
    }

    /// Notes a delivery, which is a fact even when the lease ran out meanwhile. Says whether this was the first note
    /// of it.
    pub async fn mark_delivered(&self, alert: &Alert) -> Result<bool, StoreError> {
        let assignments = format!(
            "state = 'delivered', delivered_at = {}, last_error = NULL",
            self.dialect().now()
        );
        self.mark(alert, &assignments, "", &[]).await
    }

    /// Gives an alert up: its receiver refused it for good. Says whether it was still ours.
    pub async fn mark_failed(&self, alert: &Alert, error: &str) -> Result<bool, StoreError> {
        self.mark(
            alert,
            "state = 'failed', last_error = ?",
            OURS,
            &[shortened(error)],
        )
        .await
    }

    /// Puts the next attempt off by so many milliseconds. Says whether the alert was still ours.
    pub async fn mark_retry(
        &self,
        alert: &Alert,
        pause_ms: i64,
        error: &str,
    ) -> Result<bool, StoreError> {
        let assignments = format!(
            "next_attempt_at = {} + ?, last_error = ?",
            self.dialect().now()
        );
        let values = [Value::Int(pause_ms), shortened(error)];
        self.mark(alert, &assignments, OURS, &values).await
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

    /// One statement, which is its own transaction.
    async fn mark(
        &self,
        alert: &Alert,
        assignments: &str,
        condition: &'static str,
        assigned: &[Value<'_>],
    ) -> Result<bool, StoreError> {
        let update = format!(
            "UPDATE alerts SET {assignments}, lease_owner = NULL, lease_until = NULL \
             WHERE {OF_KEY} AND state = 'pending'{condition}"
        );
        let mut values = assigned.to_vec();
        values.extend(Value::key(&alert.key));
        if !condition.is_empty() {
            values.extend([
                Value::from(&alert.lease.owner),
                Value::Int(alert.lease.until),
            ]);
        }
        let mut session = self.session(MARK).await?;
        Ok(session.execute(AssertSqlSafe(update), &values).await? > 0)
    }
}

const OURS: &str = " AND lease_owner = ? AND lease_until = ?";

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
    let update = format!(
        "UPDATE alerts SET lease_owner = ?, lease_until = ?, attempts = attempts + 1 WHERE {OF_KEY}"
    );
    let mut alerts = Vec::with_capacity(due.len());
    for row in &due {
        let alert = read(row, lease)?;
        let mut values = vec![Value::from(&lease.owner), Value::Int(lease.until)];
        values.extend(Value::key(&alert.key));
        session
            .execute(AssertSqlSafe(update.clone()), &values)
            .await?;
        alerts.push(alert);
    }
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

fn shortened(error: &str) -> Value<'static> {
    Value::Made(error.chars().take(limits::ERROR_CHARACTERS).collect())
}
