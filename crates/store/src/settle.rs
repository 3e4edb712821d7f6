//! The COMMIT whose answer got lost.
//!
//! The position and the rows are one transaction, so the position tells. It is read with a row lock, because the old
//! session may still be alive at the server and commit behind our back: while it holds the row we wait, and once we
//! hold it that session has ended one way or the other.

use std::time::Duration;

use sqlx::AssertSqlSafe;

use crate::insert::Tally;
use crate::value::Value;
use crate::{Advance, Batch, Committed, Fate, Partition, Store, StoreError, limits};

const ATTEMPT: &str = "find out whether a batch was stored";

/// What the stored positions say about a batch.
#[derive(Debug, PartialEq, Eq)]
enum Evidence {
    Stored,
    NotStored,
    /// Not stored or past finding out, and these partitions are somebody else's now.
    Fenced(Vec<Partition>),
}

/// A position as it stands in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Standing {
    epoch: i64,
    next_offset: Option<i64>,
}

impl Store {
    /// Asks until it is known, for as long as the database is away.
    pub(crate) async fn settle(
        &self,
        batch: &Batch,
        tally: Tally,
        lost: StoreError,
    ) -> Result<Committed, StoreError> {
        tracing::warn!(sink = batch.sink, error = %lost, "answer to a commit lost, asking whether it happened");
        let (mut pause, longest) = limits::SETTLE_PAUSE;
        let standings = loop {
            match self.standings(batch).await {
                Ok(standings) => break standings,
                Err(error) if error.fate() == Fate::Again => {
                    tracing::debug!(sink = batch.sink, %error, "still not known whether a commit happened");
                    tokio::time::sleep(pause).await;
                    pause = Duration::min(pause * 2, longest);
                }
                Err(error) => return Err(error),
            }
        };
        match evidence(batch, &standings) {
            Evidence::Stored => {
                tracing::info!(sink = batch.sink, "the commit had happened");
                Ok(tally.stored())
            }
            Evidence::NotStored => {
                tracing::info!(sink = batch.sink, "the commit had not happened");
                Err(lost)
            }
            Evidence::Fenced(partitions) => Ok(Committed::Fenced { partitions }),
        }
    }

    /// The stored position of every partition of a batch, in the batch's order.
    async fn standings(&self, batch: &Batch) -> Result<Vec<Option<Standing>>, StoreError> {
        let mut session = self.session(ATTEMPT).await?;
        session.begin().await?;
        let select = format!(
            "SELECT epoch, next_offset FROM sink_offset WHERE sink = ? AND topic = ? AND topic_id = ? AND part = ?{}",
            session.dialect().for_update()
        );
        let mut standings = Vec::with_capacity(batch.advances.len());
        for Advance { partition, .. } in &batch.advances {
            let key = [
                Value::from(&batch.sink),
                Value::from(&*partition.topic),
                Value::from(&*partition.topic_id),
                Value::Int(partition.partition.into()),
            ];
            let rows = session.query(AssertSqlSafe(select.clone()), &key).await?;
            let standing = |row: &crate::value::Row| -> Result<Standing, StoreError> {
                Ok(Standing {
                    epoch: row.int(0)?,
                    next_offset: row.optional_int(1)?,
                })
            };
            standings.push(rows.first().map(standing).transpose()?);
        }
        session.rollback().await;
        Ok(standings)
    }
}

/// One partition that is still ours and that the batch moves is enough: the batch was stored whole or not at all.
fn evidence(batch: &Batch, standings: &[Option<Standing>]) -> Evidence {
    let mut stored = None;
    let mut fenced = Vec::new();
    for (advance, standing) in batch.advances.iter().zip(standings) {
        let ours = standing.filter(|standing| standing.epoch == advance.epoch);
        match ours.map(|standing| standing.next_offset) {
            // Where it stays, before and after look the same and prove nothing.
            Some(next) if next == advance.from && next == Some(advance.to) => {}
            Some(next) if next == Some(advance.to) => stored = Some(true),
            Some(next) if next == advance.from => stored = stored.or(Some(false)),
            Some(_) | None => fenced.push(advance.partition.clone()),
        }
    }
    match stored {
        Some(true) => Evidence::Stored,
        Some(false) | None if fenced.is_empty() => Evidence::NotStored,
        Some(false) | None => Evidence::Fenced(fenced),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Table;

    fn batch(advances: Vec<Advance>) -> Batch {
        Batch {
            sink: "sink".into(),
            cluster_id: "cluster".into(),
            advances,
            table: Table::Legit,
            payments: Vec::new(),
            alerts: Vec::new(),
            dead_letters: Vec::new(),
        }
    }

    fn partition(partition: i32) -> Partition {
        Partition {
            topic: "legit_topic".into(),
            topic_id: "t".into(),
            partition,
        }
    }

    fn advance(number: i32, from: Option<i64>, to: i64) -> Advance {
        Advance {
            partition: partition(number),
            epoch: 7,
            from,
            to,
        }
    }

    fn at(epoch: i64, next_offset: Option<i64>) -> Option<Standing> {
        Some(Standing { epoch, next_offset })
    }

    #[test]
    fn the_stored_positions_tell_whether_a_batch_happened() {
        fn check(advances: Vec<Advance>, standings: &[Option<Standing>], expected: Evidence) {
            assert_eq!(
                evidence(&batch(advances), standings),
                expected,
                "{standings:?}"
            );
        }
        let one = || vec![advance(0, Some(5), 9)];
        check(one(), &[at(7, Some(9))], Evidence::Stored);
        check(one(), &[at(7, Some(5))], Evidence::NotStored);
        check(
            one(),
            &[at(8, Some(9))],
            Evidence::Fenced(vec![partition(0)]),
        );
        check(
            one(),
            &[at(7, Some(6))],
            Evidence::Fenced(vec![partition(0)]),
        );
        check(one(), &[None], Evidence::Fenced(vec![partition(0)]));
        check(
            vec![advance(0, None, 9)],
            &[at(7, None)],
            Evidence::NotStored,
        );
        check(
            vec![advance(0, Some(9), 9)],
            &[at(7, Some(9))],
            Evidence::NotStored,
        );
    }

    #[test]
    fn one_partition_that_is_still_ours_speaks_for_the_whole_batch() {
        let two = || vec![advance(0, Some(5), 9), advance(1, Some(1), 2)];
        let check = |standings: &[Option<Standing>], expected: Evidence| {
            assert_eq!(
                evidence(&batch(two()), standings),
                expected,
                "{standings:?}"
            );
        };
        check(&[at(8, Some(12)), at(7, Some(2))], Evidence::Stored);
        check(
            &[at(8, Some(5)), at(7, Some(1))],
            Evidence::Fenced(vec![partition(0)]),
        );
    }
}
