//! A payment, and the door that only payments pass.

use std::borrow::Cow;
use std::ops::Deref;

use chrono::{NaiveDate, NaiveTime};

use crate::field::{Field, TEXT_LIMIT};
use crate::{Amount, PaymentType, Reason, Recipient, Refusal, business, parse};

/// The fields of the wire, not yet checked: what a producer fills in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fields<'a> {
    /// `DATE`: business date in the payer's zone.
    pub date: NaiveDate,
    /// `TIME`: business time in the same zone, whole seconds.
    pub time: NaiveTime,
    /// `PAYMENTTYPE`: any text.
    pub payment_type: Cow<'a, str>,
    /// `AMOUNT`.
    pub amount: Amount,
    /// `WHO`: the recipient, any text.
    pub who: Cow<'a, str>,
    /// `ID`: a UUIDv7 when our producer wrote it.
    pub id: Option<Cow<'a, str>>,
    /// `ACCOUNT`: who pays; the record's key.
    pub account: Option<Cow<'a, str>>,
    /// `CURRENCY`.
    pub currency: Option<Cow<'a, str>>,
    /// `COUNTRY`.
    pub country: Option<Cow<'a, str>>,
}

/// A payment that can be read, judged, stored and written: [`Fields`] that hold what the wire promises.
///
/// Borrows from the bytes it was read from. Fields read as `payment.amount`; none can be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment<'a>(Fields<'a>);

impl Fields<'_> {
    /// The text fields, required ones first.
    fn texts(&self) -> [(Field, Option<&str>); 6] {
        [
            (Field::PaymentType, Some(&*self.payment_type)),
            (Field::Who, Some(&*self.who)),
            (Field::Id, self.id.as_deref()),
            (Field::Account, self.account.as_deref()),
            (Field::Currency, self.currency.as_deref()),
            (Field::Country, self.country.as_deref()),
        ]
    }
}

impl Payment<'_> {
    /// The class of its payment type.
    #[must_use]
    pub fn kind(&self) -> PaymentType {
        PaymentType::from(&*self.payment_type)
    }

    /// The class of its recipient.
    #[must_use]
    pub fn recipient(&self) -> Recipient {
        Recipient::from(&*self.who)
    }
}

impl<'a> Deref for Payment<'a> {
    type Target = Fields<'a>;

    fn deref(&self) -> &Fields<'a> {
        &self.0
    }
}

impl<'a> TryFrom<&'a [u8]> for Payment<'a> {
    type Error = Refusal;

    /// Reads a payload of `payments`: the only way from bytes to a payment.
    fn try_from(payload: &'a [u8]) -> Result<Payment<'a>, Refusal> {
        parse::fields(payload).and_then(Payment::try_from)
    }
}

impl<'a> TryFrom<Option<&'a [u8]>> for Payment<'a> {
    type Error = Refusal;

    /// Reads a record's payload as Kafka hands it over: there may be none, which is a tombstone.
    fn try_from(payload: Option<&'a [u8]>) -> Result<Payment<'a>, Refusal> {
        let payload =
            payload.ok_or_else(|| Refusal::new(Reason::Tombstone, "the record has no payload"))?;
        Payment::try_from(payload)
    }
}

impl<'a> TryFrom<Fields<'a>> for Payment<'a> {
    type Error = Refusal;

    /// Checks what the types of the fields leave open: everything that passes can be written and read again.
    fn try_from(fields: Fields<'a>) -> Result<Payment<'a>, Refusal> {
        if !business::is_writable_date(fields.date) {
            return Err(refuse(Reason::BadDate, Field::Date, business::DATE_FORM));
        }
        if !business::is_writable_time(fields.time) {
            return Err(refuse(Reason::BadTime, Field::Time, business::TIME_FORM));
        }
        for (field, text) in fields.texts() {
            if text.is_some_and(is_too_long) {
                return Err(too_long(field));
            }
        }
        Ok(Payment(fields))
    }
}

/// Characters are at most as many as bytes, so that the usual text is settled without counting.
pub(crate) fn is_too_long(text: &str) -> bool {
    text.len() > TEXT_LIMIT && text.chars().nth(TEXT_LIMIT).is_some()
}

pub(crate) fn too_long(field: Field) -> Refusal {
    Refusal::new(
        Reason::FieldTooLong,
        format!("{} has more than {TEXT_LIMIT} characters", field.name()),
    )
}

pub(crate) fn refuse(reason: Reason, field: Field, expected: &str) -> Refusal {
    Refusal::new(reason, format!("{} is not {expected}", field.name()))
}
