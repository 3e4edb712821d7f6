//! Storing a batch exactly once.
//!
//! The position moves first, under the condition that nobody claimed the partition since: the row lock that this takes
//! holds until the COMMIT, so no other owner can claim, read the old position and store the same records meanwhile.

use sqlx::AssertSqlSafe;

use crate::insert::{self, Tally};
use crate::session::Session;
use crate::value::Value;
use crate::{Advance, Batch, Committed, Partition, Store, StoreError, Trouble};

const ATTEMPT: &str = "store a batch";

impl Store {
    pub(crate) async fn commit_batch(&self, batch: &Batch) -> Result<Committed, StoreError> {
        if batch.advances.is_empty() {
            return Err(StoreError::new(
                Trouble::Unexpected,
                ATTEMPT,
                "the batch moves no position",
            ));
        }
        let mut session = self.session(ATTEMPT).await?;
        session.begin().await?;
        let tally = match write(&mut session, batch, self.packet_bytes()).await {
            Ok(Written::All(tally)) => tally,
            Ok(Written::Fenced(partitions)) => {
                session.rollback().await;
                return Ok(Committed::Fenced { partitions });
            }
            Err(error) => {
                session.rollback().await;
                return Err(error);
            }
        };
        match session.commit().await {
            Ok(()) => Ok(tally.stored()),
            Err(error) => {
                drop(session);
                self.settle(batch, tally, error).await
            }
        }
    }
}

enum Written {
    All(Tally),
    Fenced(Vec<Partition>),
}

async fn write(
    session: &mut Session,
    batch: &Batch,
    packet_bytes: usize,
) -> Result<Written, StoreError> {
    let fenced = advance(session, batch).await?;
    if !fenced.is_empty() {
        return Ok(Written::Fenced(fenced));
    }
    insert::rows(session, batch, packet_bytes)
        .await
        .map(Written::All)
}

/// Moves every position that is still ours, in the order of their keys so that two sinks cannot deadlock here; says
/// which are not.
async fn advance(session: &mut Session, batch: &Batch) -> Result<Vec<Partition>, StoreError> {
    let (now, same) = (session.dialect().now(), session.dialect().same());
    let update = format!(
        "UPDATE sink_offset SET next_offset = ?, cluster_id = ?, updated_at = {now} \
         WHERE sink = ? AND topic = ? AND topic_id = ? AND part = ? AND epoch = ? AND next_offset {same} ?"
    );
    let mut advances: Vec<&Advance> = batch.advances.iter().collect();
    advances.sort_unstable_by_key(|advance| &advance.partition);
    let mut fenced = Vec::new();
    for Advance {
        partition,
        epoch,
        from,
        to,
    } in advances
    {
        let values = [
            Value::Int(*to),
            Value::from(&batch.cluster_id),
            Value::from(&batch.sink),
            Value::from(&*partition.topic),
            Value::from(&*partition.topic_id),
            Value::Int(partition.partition.into()),
            Value::Int(*epoch),
            Value::from(*from),
        ];
        // sqlx asks MySQL for matched rows, so a position that stays where it is counts too.
        if session
            .execute(AssertSqlSafe(update.clone()), &values)
            .await?
            == 0
        {
            fenced.push(partition.clone());
        }
    }
    Ok(fenced)
}
