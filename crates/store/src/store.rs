//! The database, as every part of a program shares it.

use std::sync::Arc;

use crate::dialect::Dialect;
use crate::session::{Pool, Session};
use crate::{Batch, Claim, Committed, Config, Database, Partition, StoreError, connect, migrate};

/// A MySQL or SQLite database. Clones share its connections.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    pool: Pool,
    packet_bytes: usize,
}

impl Store {
    /// Opens the database and makes sure that it answers.
    ///
    /// An error with [`Fate::Again`](crate::Fate::Again) means that it may come up later, or that its name may start
    /// to resolve; with [`Fate::Stop`](crate::Fate::Stop) it refuses us.
    pub async fn connect(config: &Config) -> Result<Self, StoreError> {
        let connect::Connected { pool, packet_bytes } = connect::connect(config).await?;
        Ok(Self {
            inner: Arc::new(Inner { pool, packet_bytes }),
        })
    }

    /// Brings the schema up to this program's version. Several replicas may do so at once, and a newer schema is left
    /// as it is.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        migrate::migrate(&self.inner.pool).await
    }

    /// Closes all connections, once what runs on them has ended.
    pub async fn close(&self) {
        self.inner.pool.close().await;
    }

    pub(crate) async fn session(&self, attempt: &'static str) -> Result<Session, StoreError> {
        self.inner.pool.session(attempt).await
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.inner.pool.dialect()
    }

    /// The largest statement that the server takes.
    pub(crate) fn packet_bytes(&self) -> usize {
        self.inner.packet_bytes
    }
}

impl Database for Store {
    async fn claim(
        &self,
        sink: &str,
        partition: &Partition,
        owner: &str,
    ) -> Result<Claim, StoreError> {
        self.claim_partition(sink, partition, owner).await
    }

    async fn commit(&self, batch: &Batch) -> Result<Committed, StoreError> {
        self.commit_batch(batch).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        let mut session = self.session("ask the database for a sign of life").await?;
        session.query("SELECT 1", &[]).await.map(drop)
    }
}
