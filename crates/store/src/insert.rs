//! Rows into tables: many at once, and one by one where the database objects.
//!
//! A multi-row INSERT is stored whole or not at all. When one fails because a key is taken or a value is refused, its
//! rows are tried singly inside the same transaction, which shows which of them it was: a key taken by equal bytes is a
//! duplicate, one taken by other bytes is a conflict and ends the transaction, and a refused row becomes a dead letter.

use sqlx::AssertSqlSafe;

use crate::record::Record;
use crate::session::Session;
use crate::value::{Row, Value};
use crate::{
    AlertRow, Batch, Committed, DeadLetterRow, Refused, Relation, RowKey, StoreError, Trouble,
    limits,
};

/// What became of a batch's rows.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    rows: u64,
    duplicates: Vec<RowKey>,
    refused: Vec<Refused>,
}

impl Tally {
    /// What it comes to once the transaction is through.
    pub(crate) fn stored(self) -> Committed {
        Committed::Stored {
            rows: self.rows,
            duplicates: self.duplicates,
            dead_lettered: self.refused,
        }
    }
}

/// Writes everything that a batch holds, by statements that the server takes.
pub(crate) async fn rows(
    session: &mut Session,
    batch: &Batch,
    packet_bytes: usize,
) -> Result<Tally, StoreError> {
    let mut writer = Writer {
        session,
        packet_bytes,
    };
    let payments = writer
        .insert(batch.table.into(), batch.payments.iter().collect())
        .await?;
    writer.alerts(&batch.alerts, &payments.refused).await?;

    let refused = payments.refused.iter().map(|letter| Refused {
        key: letter.key.clone(),
        error: letter.error.clone(),
    });
    let mut tally = Tally {
        rows: payments.inserted,
        duplicates: payments.duplicates,
        refused: refused.collect(),
    };
    let mut letters = payments.refused;
    letters.extend(batch.dead_letters.iter().cloned());
    while !letters.is_empty() {
        let outcome = writer
            .insert(Relation::DeadLetters, letters.iter().collect())
            .await?;
        tally.duplicates.extend(outcome.duplicates);
        letters = outcome.refused;
    }
    Ok(tally)
}

struct Writer<'s> {
    session: &'s mut Session,
    packet_bytes: usize,
}

/// What became of the rows of one relation.
#[derive(Default)]
struct Outcome {
    inserted: u64,
    duplicates: Vec<RowKey>,
    /// The dead letters of the rows that were refused for their data.
    refused: Vec<DeadLetterRow>,
}

impl Writer<'_> {
    /// Writes rows in the order of their keys, which is the order of the table.
    async fn insert<R: Record>(
        &mut self,
        relation: Relation,
        mut rows: Vec<&R>,
    ) -> Result<Outcome, StoreError> {
        rows.sort_by_key(|row| row.key());
        let mut values = Vec::with_capacity(rows.len() * R::COLUMNS.len());
        for row in &rows {
            row.values(&mut values);
        }
        let mut outcome = Outcome::default();
        let (mut rows, mut values) = (&rows[..], &values[..]);
        while let Some(first) = rows.first() {
            let count = self.fitting(first.key(), values, R::COLUMNS.len())?;
            let (chunk, chunk_values);
            (chunk, rows) = rows.split_at(count);
            (chunk_values, values) = values.split_at(count * R::COLUMNS.len());
            match self.insert_chunk::<R>(relation, chunk_values).await {
                Ok(()) => outcome.inserted += chunk.len() as u64,
                Err(error) if matches!(error.trouble(), Trouble::Duplicate | Trouble::BadRow) => {
                    for (row, values) in chunk
                        .iter()
                        .zip(chunk_values.chunks_exact(R::COLUMNS.len()))
                    {
                        self.insert_one(relation, *row, values, &mut outcome)
                            .await?;
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(outcome)
    }

    /// Writes alerts. One whose payment was refused may be refused for the same key, and then the payment's dead
    /// letter stands for both.
    async fn alerts(
        &mut self,
        alerts: &[AlertRow],
        refused: &[DeadLetterRow],
    ) -> Result<(), StoreError> {
        let of_refused = |alert: &&AlertRow| refused.iter().any(|letter| letter.key == alert.key);
        let (doubtful, sound): (Vec<&AlertRow>, Vec<&AlertRow>) =
            alerts.iter().partition(of_refused);
        self.insert(Relation::Alerts, sound).await?;
        for alert in doubtful {
            match self.insert(Relation::Alerts, vec![alert]).await {
                Err(error) if error.trouble() != Trouble::BadRow => return Err(error),
                Ok(_) | Err(_) => {}
            }
        }
        Ok(())
    }

    /// How many rows the next INSERT takes: a power of two, so that a handful of prepared statements serve batches of
    /// every size, and no more bytes than the server and this process hold with ease.
    fn fitting(
        &self,
        first: &RowKey,
        values: &[Value<'_>],
        columns: usize,
    ) -> Result<usize, StoreError> {
        let most = limits::INSERT_BYTES.min(self.packet_bytes / 2);
        let mut bytes = 0;
        let fitting = values
            .chunks_exact(columns)
            .take(limits::INSERT_ROWS)
            .take_while(|row| {
                bytes += row.iter().map(Value::bytes).sum::<usize>();
                bytes <= most
            })
            .count();
        if fitting == 0 && bytes > self.packet_bytes {
            let cause = format!(
                "{first} takes {bytes} bytes and max_allowed_packet is {}",
                self.packet_bytes
            );
            return Err(StoreError::new(
                Trouble::TooLarge,
                self.session.attempt(),
                cause,
            ));
        }
        Ok(1 << fitting.max(1).ilog2())
    }

    async fn insert_chunk<R: Record>(
        &mut self,
        relation: Relation,
        values: &[Value<'_>],
    ) -> Result<(), StoreError> {
        let row = R::places(self.session.dialect());
        let more_rows = format!(", {row}").repeat(values.len() / R::COLUMNS.len() - 1);
        let statement = format!(
            "INSERT INTO {relation} ({}) VALUES {row}{more_rows}",
            R::COLUMNS.join(", ")
        );
        self.session
            .execute(AssertSqlSafe(statement), values)
            .await
            .map(drop)
    }

    async fn insert_one<R: Record>(
        &mut self,
        relation: Relation,
        row: &R,
        values: &[Value<'_>],
        outcome: &mut Outcome,
    ) -> Result<(), StoreError> {
        let Err(error) = self.insert_chunk::<R>(relation, values).await else {
            outcome.inserted += 1;
            return Ok(());
        };
        match error.trouble() {
            Trouble::Duplicate if self.holds(relation, row).await? => {
                outcome.duplicates.push(row.key().clone())
            }
            Trouble::Duplicate => {
                let cause = format!("{} in {relation}", row.key());
                return Err(StoreError::new(
                    Trouble::Conflict,
                    self.session.attempt(),
                    cause,
                ));
            }
            Trouble::BadRow => outcome
                .refused
                .push(row.dead_letter(error.cause()).ok_or(error)?),
            _ => return Err(error),
        }
        Ok(())
    }

    /// Whether the row that has the key already has the same bytes.
    async fn holds<R: Record>(&mut self, relation: Relation, row: &R) -> Result<bool, StoreError> {
        let Some(content) = R::CONTENT else {
            return Ok(true);
        };
        let select = format!(
            "SELECT {content} FROM {relation} \
             WHERE source_topic_id = ? AND source_topic = ? AND source_partition = ? AND source_offset = ?",
        );
        let rows = self
            .session
            .query(AssertSqlSafe(select), &Value::key(row.key()))
            .await?;
        match rows
            .first()
            .map(|stored: &Row| stored.optional_bytes(0))
            .transpose()?
        {
            Some(stored) => Ok(stored == row.content()),
            None => Ok(false),
        }
    }
}
