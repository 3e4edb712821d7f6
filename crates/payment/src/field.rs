//! The nine fields of the wire that we read; every other field of a payment is somebody else's.

/// The most characters (not bytes) that a text field may have.
pub const TEXT_LIMIT: usize = 255;

/// A field that we read, in the order in which we write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Date,
    Time,
    PaymentType,
    Amount,
    Who,
    Id,
    Account,
    Currency,
    Country,
}

impl Field {
    pub(crate) const COUNT: usize = 9;

    pub(crate) const REQUIRED: [Field; 5] = [
        Field::Date,
        Field::Time,
        Field::PaymentType,
        Field::Amount,
        Field::Who,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Field::Date => "DATE",
            Field::Time => "TIME",
            Field::PaymentType => "PAYMENTTYPE",
            Field::Amount => "AMOUNT",
            Field::Who => "WHO",
            Field::Id => "ID",
            Field::Account => "ACCOUNT",
            Field::Currency => "CURRENCY",
            Field::Country => "COUNTRY",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Field> {
        Some(match name {
            "DATE" => Field::Date,
            "TIME" => Field::Time,
            "PAYMENTTYPE" => Field::PaymentType,
            "AMOUNT" => Field::Amount,
            "WHO" => Field::Who,
            "ID" => Field::Id,
            "ACCOUNT" => Field::Account,
            "CURRENCY" => Field::Currency,
            "COUNTRY" => Field::Country,
            _ => return None,
        })
    }
}
