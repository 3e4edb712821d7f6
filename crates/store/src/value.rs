//! Values on their way into a statement, and rows on their way out, for either database.

use std::sync::Arc;

use sqlx::mysql::MySqlRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{Database, Encode, Row as _, Type};

use crate::{RowKey, StoreError, Trouble};

/// A value to bind.
#[derive(Clone, Debug)]
pub(crate) enum Value<'a> {
    Null,
    Int(i64),
    Text(&'a str),
    /// Text that nobody else holds, such as a date.
    Made(String),
    Bytes(&'a [u8]),
}

/// A row that came back.
pub(crate) enum Row {
    MySql(MySqlRow),
    Sqlite(SqliteRow),
}

impl<'a> Value<'a> {
    /// Binds the value to the next placeholder.
    pub(crate) fn bind<DB>(&self, query: Query<DB>) -> Query<DB>
    where
        DB: Database,
        for<'v> &'v str: Encode<'v, DB> + Type<DB>,
        for<'v> &'v [u8]: Encode<'v, DB> + Type<DB>,
        for<'v> Option<&'v str>: Encode<'v, DB> + Type<DB>,
        for<'v> i64: Encode<'v, DB> + Type<DB>,
    {
        match self {
            Self::Null => query.bind(None::<&str>),
            Self::Int(number) => query.bind(*number),
            Self::Text(text) => query.bind(*text),
            Self::Made(text) => query.bind(text.as_str()),
            Self::Bytes(bytes) => query.bind(*bytes),
        }
    }

    /// Bytes that it takes in a statement, within a few.
    pub(crate) fn bytes(&self) -> usize {
        const FRAME: usize = 10;
        FRAME
            + match self {
                Self::Null | Self::Int(_) => 0,
                Self::Text(text) => text.len(),
                Self::Made(text) => text.len(),
                Self::Bytes(bytes) => bytes.len(),
            }
    }

    /// The four values of a key, in the order of every table's primary key.
    pub(crate) fn key(key: &'a RowKey) -> [Self; 4] {
        [
            Self::Text(&key.topic_id),
            Self::Text(&key.topic),
            Self::Int(key.partition.into()),
            Self::Int(key.offset),
        ]
    }
}

/// A prepared statement of either database with its arguments.
pub(crate) type Query<DB> = sqlx::query::Query<'static, DB, <DB as Database>::Arguments>;

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a Vec<u8>> for Value<'a> {
    fn from(bytes: &'a Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl Row {
    pub(crate) fn int(&self, column: usize) -> Result<i64, StoreError> {
        match self {
            Self::MySql(row) => row.try_get(column),
            Self::Sqlite(row) => row.try_get(column),
        }
        .map_err(|error| unreadable(&error))
    }

    pub(crate) fn optional_int(&self, column: usize) -> Result<Option<i64>, StoreError> {
        match self {
            Self::MySql(row) => row.try_get(column),
            Self::Sqlite(row) => row.try_get(column),
        }
        .map_err(|error| unreadable(&error))
    }

    pub(crate) fn text(&self, column: usize) -> Result<&str, StoreError> {
        match self {
            Self::MySql(row) => row.try_get(column),
            Self::Sqlite(row) => row.try_get(column),
        }
        .map_err(|error| unreadable(&error))
    }

    pub(crate) fn optional_bytes(&self, column: usize) -> Result<Option<&[u8]>, StoreError> {
        match self {
            Self::MySql(row) => row.try_get(column),
            Self::Sqlite(row) => row.try_get(column),
        }
        .map_err(|error| unreadable(&error))
    }

    /// A partition's number, which SQL hands out as wide as all numbers.
    pub(crate) fn partition(&self, column: usize) -> Result<i32, StoreError> {
        let number = self.int(column)?;
        i32::try_from(number).map_err(|_| {
            StoreError::new(
                Trouble::Schema,
                READ,
                format!("{number} is not the number of a partition"),
            )
        })
    }

    /// The key that starts at a column.
    pub(crate) fn key(&self, column: usize) -> Result<RowKey, StoreError> {
        Ok(RowKey {
            topic_id: Arc::from(self.text(column)?),
            topic: Arc::from(self.text(column + 1)?),
            partition: self.partition(column + 2)?,
            offset: self.int(column + 3)?,
        })
    }
}

const READ: &str = "read a row";

fn unreadable(error: &sqlx::Error) -> StoreError {
    StoreError::new(Trouble::Schema, READ, error.to_string())
}
