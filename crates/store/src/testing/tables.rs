//! What stands in the tables, read past the store.

use sqlx::{
    AssertSqlSafe, Connection as _, Decode, MySqlConnection, Row as _, SqliteConnection, Type,
};

use super::Fresh;
use crate::value::Row;
use crate::{DeadLetterRow, RowKey, Table};

/// A payment as it rests, with everything that its row has.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as the columns are")]
pub struct RestingPayment {
    pub key: RowKey,
    pub id: Option<String>,
    pub account: Option<String>,
    pub payment_type: String,
    pub amount_hundredths: i64,
    pub currency: Option<String>,
    pub country: Option<String>,
    pub who: String,
    pub business_date: String,
    pub business_time: String,
    pub event_time: i64,
    pub rules: Option<String>,
    pub state: String,
    pub decided_at: Option<i64>,
    pub stored_at: i64,
    pub payload: Vec<u8>,
}

/// An alert as it waits to be delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as the columns are")]
pub struct RestingAlert {
    pub key: RowKey,
    pub id: String,
    pub body: String,
    pub state: String,
    pub attempts: i64,
    pub next_attempt_at: i64,
    pub created_at: i64,
}

const KEY: &str = "source_topic_id, source_topic, source_partition, source_offset";

impl Fresh {
    /// All payments of a table, in the order of their keys.
    pub async fn payments(&self, table: Table) -> Vec<RestingPayment> {
        let relation = crate::Relation::from(table);
        let select = format!(
            "SELECT {KEY}, id, account, payment_type, amount_hundredths, currency, country, who, \
             CAST(business_date AS CHAR), CAST(business_time AS CHAR), event_time, rules, state, decided_at, stored_at, payload \
             FROM {relation} ORDER BY {KEY}"
        );
        let rows = self.query(&select).await;
        rows.iter()
            .map(|row| RestingPayment {
                key: row.key(0).expect("a key"),
                id: cell(row, 4),
                account: cell(row, 5),
                payment_type: value(row, 6),
                amount_hundredths: value(row, 7),
                currency: cell(row, 8),
                country: cell(row, 9),
                who: value(row, 10),
                business_date: value(row, 11),
                business_time: value(row, 12),
                event_time: value(row, 13),
                rules: cell(row, 14),
                state: value(row, 15),
                decided_at: cell(row, 16),
                stored_at: value(row, 17),
                payload: value(row, 18),
            })
            .collect()
    }

    /// All alerts, in the order of their keys.
    pub async fn alerts(&self) -> Vec<RestingAlert> {
        let select = format!(
            "SELECT {KEY}, id, body, state, attempts, next_attempt_at, created_at FROM alerts ORDER BY {KEY}"
        );
        let rows = self.query(&select).await;
        rows.iter()
            .map(|row| RestingAlert {
                key: row.key(0).expect("a key"),
                id: value(row, 4),
                body: value(row, 5),
                state: value(row, 6),
                attempts: value(row, 7),
                next_attempt_at: value(row, 8),
                created_at: value(row, 9),
            })
            .collect()
    }

    /// All dead letters, in the order in which their records stood on the topic.
    pub async fn dead_letters(&self) -> Vec<DeadLetterRow> {
        let select = format!(
            "SELECT {KEY}, record_topic, record_partition, record_offset, reason, error, record_key, payload \
             FROM dead_letters ORDER BY record_topic, record_partition, record_offset"
        );
        let rows = self.query(&select).await;
        rows.iter()
            .map(|row| DeadLetterRow {
                key: row.key(0).expect("a key"),
                place: RowKey {
                    // Not stored.
                    topic_id: "".into(),
                    topic: value::<String>(row, 4).into(),
                    partition: row.partition(5).expect("a partition"),
                    offset: value(row, 6),
                },
                reason: value(row, 7),
                error: value(row, 8),
                record_key: cell(row, 9),
                payload: cell(row, 10),
            })
            .collect()
    }

    /// The number that a query of the test's own answers; `None` where it answers NULL or no row.
    pub async fn number(&self, query: &str) -> Option<i64> {
        let rows = self.query(query).await;
        rows.first().and_then(|row| cell(row, 0))
    }

    /// The text that a query of the test's own answers; `None` where it answers NULL or no row.
    pub async fn text(&self, query: &str) -> Option<String> {
        let rows = self.query(query).await;
        rows.first().and_then(|row| cell(row, 0))
    }

    async fn query(&self, query: &str) -> Vec<Row> {
        let query = AssertSqlSafe(query.to_owned());
        if self.server.is_some() {
            let connection = MySqlConnection::connect(&self.url).await;
            let mut connection = connection.expect("a connection");
            let rows = sqlx::query(query).fetch_all(&mut connection).await;
            connection.close().await.ok();
            rows.expect("rows").into_iter().map(Row::MySql).collect()
        } else {
            let connection = SqliteConnection::connect(&self.url).await;
            let mut connection = connection.expect("a connection");
            let rows = sqlx::query(query).fetch_all(&mut connection).await;
            connection.close().await.ok();
            rows.expect("rows").into_iter().map(Row::Sqlite).collect()
        }
    }
}

/// A type that both databases have.
trait Both:
    for<'r> Decode<'r, sqlx::MySql>
    + Type<sqlx::MySql>
    + for<'r> Decode<'r, sqlx::Sqlite>
    + Type<sqlx::Sqlite>
{
}

impl Both for i64 {}
impl Both for String {}
impl Both for Vec<u8> {}

fn cell<T: Both>(row: &Row, column: usize) -> Option<T> {
    match row {
        Row::MySql(row) => row.get::<Option<T>, usize>(column),
        Row::Sqlite(row) => row.get::<Option<T>, usize>(column),
    }
}

fn value<T: Both>(row: &Row, column: usize) -> T {
    cell(row, column).unwrap_or_else(|| panic!("column {column} is NULL"))
}
