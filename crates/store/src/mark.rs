//! What became of alerts that were ours to deliver.
//!
//! However many are marked at once, they are one transaction and, delivered, one statement: a receiver is often quicker
//! than a database that is asked for each alert.

use std::collections::HashMap;

use sqlx::AssertSqlSafe;

use crate::outbox::Lease;
use crate::session::Session;
use crate::value::Value;
use crate::{Alert, RowKey, Store, StoreError, limits};

const ATTEMPT: &str = "mark alerts";

/// What a receiver made of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark<'a> {
    /// It took it, which is a fact even when the lease ran out meanwhile.
    Delivered,
    /// It refused it for good, and nobody tries again.
    Failed {
        /// What it said.
        why: &'a str,
    },
    /// It did not take it, and is to be tried again.
    Retry {
        /// Milliseconds until then.
        pause_ms: i64,
        /// What it said.
        why: &'a str,
    },
}

impl Store {
    /// Notes what became of these alerts. Says of each, in the order given, whether that was news: of a delivery whether
    /// this was the first note of it, of all else whether the alert was still ours.
    ///
    /// After an error none is noted, unless it was the answer to the COMMIT that got lost. To note them once more is right
    /// in both cases; in the latter it is no news.
    pub async fn mark_alerts(&self, marks: &[(&Alert, Mark<'_>)]) -> Result<Vec<bool>, StoreError> {
        let mut session = self.session(ATTEMPT).await?;
        session.begin().await?;
        let outcome = note(&mut session, marks).await;
        session.end(outcome).await
    }
}

/// One alert may be there twice: posted by us once more after a lease that ran out.
async fn note(
    session: &mut Session,
    marks: &[(&Alert, Mark<'_>)],
) -> Result<Vec<bool>, StoreError> {
    let mut waiting = lock(session, marks).await?;
    let now = session.dialect().now();
    let mut delivered = Vec::new();
    let mut news = Vec::with_capacity(marks.len());
    for (alert, mark) in marks {
        let lease = waiting.get(&alert.key);
        let is_news = match mark {
            Mark::Delivered => lease.is_some(),
            Mark::Failed { .. } | Mark::Retry { .. } => lease == Some(&alert.lease),
        };
        news.push(is_news);
        if !is_news {
            continue;
        }
        waiting.remove(&alert.key);
        match mark {
            Mark::Delivered => delivered.push(*alert),
            Mark::Failed { why } => {
                let assignments = "state = 'failed', last_error = ?";
                update(session, assignments, &[shortened(why)], &[alert]).await?;
            }
            Mark::Retry { pause_ms, why } => {
                let assignments = format!("next_attempt_at = {now} + ?, last_error = ?");
                let values = [Value::Int(*pause_ms), shortened(why)];
                update(session, &assignments, &values, &[alert]).await?;
                waiting.insert(alert.key.clone(), Lease::default());
            }
        }
    }
    let assignments = format!("state = 'delivered', delivered_at = {now}, last_error = NULL");
    update(session, &assignments, &[], &delivered).await?;
    Ok(news)
}

/// Locks the rows of these alerts. Hands out the leases of those that are still to be delivered.
///
/// Nothing but the key is asked for: by their state MySQL would lock the rows of others. It locks them in the order of
/// their keys, so that two replicas whose alerts overlap do not deadlock here.
async fn lock(
    session: &mut Session,
    marks: &[(&Alert, Mark<'_>)],
) -> Result<HashMap<RowKey, Lease>, StoreError> {
    if marks.is_empty() {
        return Ok(HashMap::new());
    }
    let select = format!(
        "SELECT source_topic_id, source_topic, source_partition, source_offset, state, \
         COALESCE(lease_owner, ''), COALESCE(lease_until, 0) FROM alerts WHERE {}{}",
        session.dialect().one_of(marks.len()),
        session.dialect().for_update()
    );
    let keys: Vec<_> = marks
        .iter()
        .flat_map(|(alert, _)| Value::key(&alert.key))
        .collect();
    let mut waiting = HashMap::new();
    for row in session.query(AssertSqlSafe(select), &keys).await? {
        if row.text(4)? == "pending" {
            let lease = Lease {
                owner: row.text(5)?.to_owned(),
                until: row.int(6)?,
            };
            waiting.insert(row.key(0)?, lease);
        }
    }
    Ok(waiting)
}

/// Assigns the same to all of these rows, and ends their leases.
async fn update(
    session: &mut Session,
    assignments: &str,
    values: &[Value<'_>],
    alerts: &[&Alert],
) -> Result<(), StoreError> {
    if alerts.is_empty() {
        return Ok(());
    }
    let update = format!(
        "UPDATE alerts SET {assignments}, lease_owner = NULL, lease_until = NULL WHERE {}",
        session.dialect().one_of(alerts.len())
    );
    let mut values = values.to_vec();
    values.extend(alerts.iter().flat_map(|alert| Value::key(&alert.key)));
    session
        .execute(AssertSqlSafe(update), &values)
        .await
        .map(drop)
}

fn shortened(error: &str) -> Value<'static> {
    Value::Made(error.chars().take(limits::ERROR_CHARACTERS).collect())
}
