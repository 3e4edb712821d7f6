//! How each kind of row is written.

use crate::dialect::Dialect;
use crate::value::Value;
use crate::{AlertRow, DeadLetterRow, PaymentRow, RowKey, UNSTORABLE, limits};

/// A row that can be inserted, and inserted twice without harm.
pub(crate) trait Record {
    /// The columns that are written, those of the key first.
    const COLUMNS: &'static [&'static str];

    /// The column that tells a duplicate from a conflict; `None` where whatever is there first stands.
    const CONTENT: Option<&'static str>;

    /// What stands for a row in an INSERT: a question mark for each of the columns, in whatever expression.
    fn places(_dialect: Dialect) -> String {
        format!("(?{})", ", ?".repeat(Self::COLUMNS.len() - 1))
    }

    /// Its primary key.
    fn key(&self) -> &RowKey;

    /// Adds a value for each of the columns.
    fn values<'a>(&'a self, values: &mut Vec<Value<'a>>);

    /// What [`Record::CONTENT`] holds.
    fn content(&self) -> Option<&[u8]>;

    /// What takes its place when the database refuses it for its data.
    fn dead_letter(&self, error: &str) -> Option<DeadLetterRow>;
}

impl Record for PaymentRow {
    const COLUMNS: &'static [&'static str] = &[
        "source_topic_id",
        "source_topic",
        "source_partition",
        "source_offset",
        "id",
        "account",
        "payment_type",
        "amount_hundredths",
        "currency",
        "country",
        "who",
        "business_date",
        "business_time",
        "event_time",
        "rules",
        "state",
        "decided_at",
        "payload",
    ];
    const CONTENT: Option<&'static str> = Some("payload");

    fn key(&self) -> &RowKey {
        &self.key
    }

    fn values<'a>(&'a self, values: &mut Vec<Value<'a>>) {
        values.extend(Value::key(&self.key));
        values.extend([
            self.id.as_ref().into(),
            self.account.as_ref().into(),
            Value::Text(&self.payment_type),
            Value::Int(self.amount_hundredths),
            self.currency.as_ref().into(),
            self.country.as_ref().into(),
            Value::Text(&self.who),
            Value::Made(self.business_date.to_string()),
            Value::Made(self.business_time.to_string()),
            Value::Int(self.event_time),
            self.rules.as_ref().into(),
            Value::Text(self.state.as_str()),
            self.decided_at.into(),
            Value::Bytes(&self.payload),
        ]);
    }

    fn content(&self) -> Option<&[u8]> {
        Some(&self.payload)
    }

    fn dead_letter(&self, error: &str) -> Option<DeadLetterRow> {
        Some(DeadLetterRow {
            key: self.key.clone(),
            place: self.place.clone(),
            reason: UNSTORABLE.to_owned(),
            error: error.to_owned(),
            record_key: None,
            payload: Some(self.payload.clone()),
        })
    }
}

impl Record for AlertRow {
    const COLUMNS: &'static [&'static str] = &[
        "source_topic_id",
        "source_topic",
        "source_partition",
        "source_offset",
        "id",
        "body",
        "state",
        "next_attempt_at",
        "created_at",
    ];
    /// Made from the payment, whose bytes were compared already.
    const CONTENT: Option<&'static str> = None;

    /// Due at once: by the database's clock, which decides it, whatever the replica's says that raises the alert.
    fn places(dialect: Dialect) -> String {
        let (least, now) = (dialect.pick("LEAST", "MIN"), dialect.now());
        format!("(?, ?, ?, ?, ?, ?, ?, {least}(?, {now}), ?)")
    }

    fn key(&self) -> &RowKey {
        &self.key
    }

    fn values<'a>(&'a self, values: &mut Vec<Value<'a>>) {
        values.extend(Value::key(&self.key));
        values.extend([
            Value::Made(self.key.to_string()),
            Value::Text(&self.body),
            Value::Text("pending"),
            Value::Int(self.created_at),
            Value::Int(self.created_at),
        ]);
    }

    fn content(&self) -> Option<&[u8]> {
        None
    }

    fn dead_letter(&self, _error: &str) -> Option<DeadLetterRow> {
        None
    }
}

impl Record for DeadLetterRow {
    const COLUMNS: &'static [&'static str] = &[
        "source_topic_id",
        "source_topic",
        "source_partition",
        "source_offset",
        "record_topic",
        "record_partition",
        "record_offset",
        "reason",
        "error",
        "record_key",
        "payload",
    ];
    const CONTENT: Option<&'static str> = Some("payload");

    fn key(&self) -> &RowKey {
        &self.key
    }

    fn values<'a>(&'a self, values: &mut Vec<Value<'a>>) {
        let end = self
            .error
            .char_indices()
            .nth(limits::ERROR_CHARACTERS)
            .map_or(self.error.len(), |(end, _)| end);
        values.extend(Value::key(&self.key));
        values.extend([
            Value::Text(&self.place.topic),
            Value::Int(self.place.partition.into()),
            Value::Int(self.place.offset),
            Value::Text(&self.reason),
            Value::Text(&self.error[..end]),
            self.record_key.as_ref().into(),
            self.payload.as_ref().into(),
        ]);
    }

    fn content(&self) -> Option<&[u8]> {
        self.payload.as_deref()
    }

    /// The same under the record's own place, which Kafka gave it: a key that the database refuses came from a header.
    fn dead_letter(&self, _error: &str) -> Option<DeadLetterRow> {
        (self.key != self.place).then(|| Self {
            key: self.place.clone(),
            ..self.clone()
        })
    }
}
