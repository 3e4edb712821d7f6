//! What an audit reads.

use std::vec;

use sqlx::AssertSqlSafe;

use crate::value::{Row, Value};
use crate::{Partition, Relation, RowKey, Store, StoreError, limits};

const KEYS: &str = "read the keys of a table";

/// How far a sink has stored one log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The log.
    pub partition: Partition,
    /// The next offset to read; `None` when it was claimed and nothing was stored yet.
    pub next_offset: Option<i64>,
    /// How often the partition was claimed.
    pub epoch: i64,
    /// Who claimed it last.
    pub owner: String,
    /// Id of the Kafka cluster; empty until the first batch.
    pub cluster_id: String,
    /// When the row last changed, milliseconds since 1970 UTC, by the database's clock.
    pub updated_at: i64,
}

/// The keys of a relation in their order, read page by page: memory does not grow with the table. Rows that are
/// stored meanwhile may or may not be among them.
pub struct StoredKeys {
    store: Store,
    relation: Relation,
    page: vec::IntoIter<RowKey>,
    last: Option<RowKey>,
    next: Next,
}

/// Where the next page starts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    /// After the last key, in its partition.
    InPartition,
    /// In the partition after that of the last key.
    AfterPartition,
    Nowhere,
}

impl Store {
    /// All keys of a relation.
    pub fn stored_keys(&self, relation: Relation) -> StoredKeys {
        StoredKeys {
            store: self.clone(),
            relation,
            page: Vec::new().into_iter(),
            last: None,
            next: Next::AfterPartition,
        }
    }

    /// Where a sink stands, in the order of topic, topic id and partition. Logs that are no more are still among them.
    pub async fn positions(&self, sink: &str) -> Result<Vec<Position>, StoreError> {
        let mut session = self.session("read the positions of a sink").await?;
        let rows = session
            .query(
                "SELECT topic, topic_id, part, next_offset, epoch, owner, cluster_id, updated_at FROM sink_offset \
                 WHERE sink = ? ORDER BY topic, topic_id, part",
                &[Value::Text(sink)],
            )
            .await?;
        rows.iter().map(position).collect()
    }

    /// How many rows a relation has, counted one by one: slow on a large table.
    pub async fn count(&self, relation: Relation) -> Result<u64, StoreError> {
        let mut session = self.session("count rows").await?.patient(limits::COUNT);
        let rows = session
            .query(
                AssertSqlSafe(format!("SELECT COUNT(*) FROM {relation}")),
                &[],
            )
            .await?;
        let count = rows
            .first()
            .map(|row| row.int(0))
            .transpose()?
            .unwrap_or_default();
        Ok(count.unsigned_abs())
    }
}

impl StoredKeys {
    /// The next key, or `None` after the last.
    pub async fn next(&mut self) -> Result<Option<RowKey>, StoreError> {
        loop {
            if let Some(key) = self.page.next() {
                return Ok(Some(key));
            }
            match self.next {
                Next::Nowhere => return Ok(None),
                Next::InPartition => self.turn_page().await?,
                Next::AfterPartition => self.turn_partition().await?,
            }
        }
    }

    /// Pages inside one partition are plain ranges of the primary key, which is what both databases are sure to read
    /// as ranges.
    async fn turn_page(&mut self) -> Result<(), StoreError> {
        let Some(last) = &self.last else {
            return Ok(());
        };
        let select = format!(
            "SELECT source_topic_id, source_topic, source_partition, source_offset FROM {} \
             WHERE source_topic_id = ? AND source_topic = ? AND source_partition = ? AND source_offset > ? \
             ORDER BY source_offset LIMIT ?",
            self.relation
        );
        let mut values = Value::key(last).to_vec();
        values.push(Value::Int(limits::PAGE_ROWS));
        let mut session = self.store.session(KEYS).await?;
        let rows = session.query(AssertSqlSafe(select), &values).await?;
        let page = rows
            .iter()
            .map(|row| row.key(0))
            .collect::<Result<Vec<_>, _>>()?;
        match page.last() {
            Some(last) => self.last = Some(last.clone()),
            None => self.next = Next::AfterPartition,
        }
        self.page = page.into_iter();
        Ok(())
    }

    async fn turn_partition(&mut self) -> Result<(), StoreError> {
        let after = match self.last {
            // Written out, because MySQL does not read a comparison of rows as a range.
            Some(_) => {
                "WHERE source_topic_id > ? OR (source_topic_id = ? AND (source_topic > ? \
                 OR (source_topic = ? AND source_partition > ?)))"
            }
            None => "",
        };
        let select = format!(
            "SELECT source_topic_id, source_topic, source_partition, source_offset FROM {} {after} \
             ORDER BY source_topic_id, source_topic, source_partition, source_offset LIMIT 1",
            self.relation
        );
        let values = self.last.as_ref().map_or_else(
            Vec::new,
            |RowKey {
                 topic_id,
                 topic,
                 partition,
                 ..
             }| {
                let (topic_id, topic) = (Value::Text(topic_id), Value::Text(topic));
                vec![
                    topic_id.clone(),
                    topic_id,
                    topic.clone(),
                    topic,
                    Value::Int((*partition).into()),
                ]
            },
        );
        let mut session = self.store.session(KEYS).await?;
        let rows = session.query(AssertSqlSafe(select), &values).await?;
        self.last = rows.first().map(|row| row.key(0)).transpose()?;
        self.next = if self.last.is_some() {
            Next::InPartition
        } else {
            Next::Nowhere
        };
        self.page = self.last.iter().cloned().collect::<Vec<_>>().into_iter();
        Ok(())
    }
}

fn position(row: &Row) -> Result<Position, StoreError> {
    Ok(Position {
        partition: Partition {
            topic: row.text(0)?.into(),
            topic_id: row.text(1)?.into(),
            partition: row.partition(2)?,
        },
        next_offset: row.optional_int(3)?,
        epoch: row.int(4)?,
        owner: row.text(5)?.to_owned(),
        cluster_id: row.text(6)?.to_owned(),
        updated_at: row.int(7)?,
    })
}
