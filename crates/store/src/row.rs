//! Rows, as a sink hands them in.

use std::fmt;

use chrono::{NaiveDate, NaiveTime};

use crate::RowKey;

/// Reason of a dead letter that the database refused for what is in it.
pub const UNSTORABLE: &str = "unstorable";

/// The two tables that payments rest in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Table {
    /// `fraud_payments`.
    Fraud,
    /// `legit_payments`.
    Legit,
}

/// Everything that has a [`RowKey`] for its primary key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Relation {
    /// `fraud_payments`.
    FraudPayments,
    /// `legit_payments`.
    LegitPayments,
    /// `alerts`, the outbox.
    Alerts,
    /// `dead_letters`.
    DeadLetters,
}

/// What a processor did with a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Fraud that a human must see.
    Alert,
    /// Fraud that needs nobody at once.
    Processing,
    /// A legitimate payment by Visa.
    Visa,
    /// A legitimate payment by Mastercard.
    Mastercard,
    /// A legitimate payment of a type that nobody here can process.
    Unprocessable,
}

/// A payment, read and decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentRow {
    /// Primary key.
    pub key: RowKey,
    /// Where the record itself stood on the output topic. Not stored; a dead letter falls back on it.
    pub place: RowKey,
    /// `ID` of the payment.
    pub id: Option<String>,
    /// `ACCOUNT` of the payer.
    pub account: Option<String>,
    /// `PAYMENTTYPE` as it was written.
    pub payment_type: String,
    /// `AMOUNT` in hundredths of the major unit.
    pub amount_hundredths: i64,
    /// `CURRENCY`.
    pub currency: Option<String>,
    /// `COUNTRY`.
    pub country: Option<String>,
    /// `WHO` is paid.
    pub who: String,
    /// `DATE`, in a zone that only the producer knows.
    pub business_date: NaiveDate,
    /// `TIME`, in the same zone.
    pub business_time: NaiveTime,
    /// Kafka's timestamp of the source record, milliseconds since 1970 UTC.
    pub event_time: i64,
    /// Ids of the rules that hit, separated by commas; `None` where the record does not say.
    pub rules: Option<String>,
    /// What the processor did with it.
    pub state: State,
    /// When the detector decided, milliseconds since 1970 UTC; `None` where the record does not say.
    pub decided_at: Option<i64>,
    /// The bytes that came in, unchanged.
    pub payload: Vec<u8>,
}

/// A decision that a human must see, to be delivered by whoever leases it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertRow {
    /// Primary key; its text is the alert's id, the same at every delivery.
    pub key: RowKey,
    /// What is delivered, as it will be sent.
    pub body: String,
    /// When it was raised, milliseconds since 1970 UTC. It is due from then on.
    pub created_at: i64,
}

/// A record that could not be read or stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetterRow {
    /// Primary key: the source where the record names one, else [`DeadLetterRow::place`].
    pub key: RowKey,
    /// Where the record itself stood on the output topic.
    pub place: RowKey,
    /// Why, as a metric label.
    pub reason: String,
    /// Why, in words.
    pub error: String,
    /// Key of the record.
    pub record_key: Option<Vec<u8>>,
    /// Value of the record; `None` is a tombstone.
    pub payload: Option<Vec<u8>>,
}

impl From<Table> for Relation {
    fn from(table: Table) -> Self {
        match table {
            Table::Fraud => Self::FraudPayments,
            Table::Legit => Self::LegitPayments,
        }
    }
}

impl Relation {
    /// Every relation, in the order data flows.
    pub const ALL: &[Self] = &[
        Self::FraudPayments,
        Self::LegitPayments,
        Self::Alerts,
        Self::DeadLetters,
    ];

    /// Its name in SQL.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FraudPayments => "fraud_payments",
            Self::LegitPayments => "legit_payments",
            Self::Alerts => "alerts",
            Self::DeadLetters => "dead_letters",
        }
    }
}

impl fmt::Display for Relation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl State {
    /// Every state, those of fraud first.
    pub const ALL: &[Self] = &[
        Self::Alert,
        Self::Processing,
        Self::Visa,
        Self::Mastercard,
        Self::Unprocessable,
    ];

    /// Its name in SQL and in metric labels.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Alert => "alert",
            Self::Processing => "processing",
            Self::Visa => "visa",
            Self::Mastercard => "mastercard",
            Self::Unprocessable => "unprocessable",
        }
    }
}
