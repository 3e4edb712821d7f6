//! Taking a partition.

use sqlx::AssertSqlSafe;

use crate::session::Session;
use crate::{Claim, Partition, Store, StoreError, Trouble};

const ATTEMPT: &str = "claim a partition";

impl Store {
    /// The row is made when it is missing and its epoch raised when it is there, under one row lock with the read of
    /// the position: whoever commits after this with an older epoch is fenced.
    pub(crate) async fn claim_partition(
        &self,
        sink: &str,
        partition: &Partition,
        owner: &str,
    ) -> Result<Claim, StoreError> {
        let mut session = self.session(ATTEMPT).await?;
        session.begin().await?;
        let outcome = take(&mut session, sink, partition, owner).await;
        session.end(outcome).await
    }
}

async fn take(
    session: &mut Session,
    sink: &str,
    partition: &Partition,
    owner: &str,
) -> Result<Claim, StoreError> {
    let now = session.dialect().now();
    let raise = session.dialect().pick(
        "AS new ON DUPLICATE KEY UPDATE owner = new.owner, epoch = sink_offset.epoch + 1, updated_at = new.updated_at",
        "ON CONFLICT DO UPDATE SET owner = excluded.owner, epoch = epoch + 1, updated_at = excluded.updated_at",
    );
    let upsert = format!(
        "INSERT INTO sink_offset (sink, topic, topic_id, part, owner, epoch, cluster_id, updated_at) \
         VALUES (?, ?, ?, ?, ?, 1, '', {now}) {raise}"
    );
    let (topic, topic_id, part) = (
        &*partition.topic,
        &*partition.topic_id,
        i64::from(partition.partition),
    );
    let row = [
        sink.into(),
        topic.into(),
        topic_id.into(),
        part.into(),
        owner.into(),
    ];
    session.execute(AssertSqlSafe(upsert), &row).await?;
    let rows = session
        .query(
            "SELECT epoch, next_offset FROM sink_offset WHERE sink = ? AND topic = ? AND topic_id = ? AND part = ?",
            &row[..4],
        )
        .await?;
    let row = rows.first().ok_or_else(|| {
        StoreError::new(
            Trouble::Unexpected,
            ATTEMPT,
            "the row just written is not there",
        )
    })?;
    Ok(Claim {
        epoch: row.int(0)?,
        next_offset: row.optional_int(1)?,
    })
}
