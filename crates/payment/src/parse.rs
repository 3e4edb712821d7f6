//! From bytes to fields: what is JSON is settled first, then what is a payment.
//!
//! One walk over the text finds the raw text of the nine fields that we read and proves the rest to be JSON,
//! without building anything. Only then is each field read from its own few bytes. So a refusal never depends on
//! the order of the fields, a document that is cut off is never blamed on a field, and AMOUNT is never a float.
//! The walk does not recurse: ten thousand brackets cost ten thousand bytes of scratch and no stack.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer as _, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::field::Field;
use crate::payment::{Fields, is_too_long, refuse, too_long};
use crate::{Amount, Reason, Refusal, business};

/// Reads the nine fields of a payload.
pub(crate) fn fields(payload: &[u8]) -> Result<Fields<'_>, Refusal> {
    if payload.is_empty() {
        return Err(Refusal::new(
            Reason::EmptyPayload,
            "the payload has no bytes",
        ));
    }
    let text = std::str::from_utf8(payload).map_err(|error| {
        Refusal::new(
            Reason::NotUtf8,
            format!("no UTF-8 after byte {}", error.valid_up_to()),
        )
    })?;
    let found = document(text)?;
    if let Some(field) = found.twice {
        return Err(Refusal::new(
            Reason::DuplicateField,
            format!("{} stands there twice", field.name()),
        ));
    }
    found.require_all()?;
    Ok(Fields {
        date: found.read(
            Field::Date,
            Reason::BadDate,
            business::DATE_FORM,
            business::read_date,
        )?,
        time: found.read(
            Field::Time,
            Reason::BadTime,
            business::TIME_FORM,
            business::read_time,
        )?,
        payment_type: found.text(Field::PaymentType)?,
        amount: found.amount()?,
        who: found.text(Field::Who)?,
        id: found.optional_text(Field::Id)?,
        account: found.optional_text(Field::Account)?,
        currency: found.optional_text(Field::Currency)?,
        country: found.optional_text(Field::Country)?,
    })
}

/// The raw JSON text of each field that we read.
struct Found<'a> {
    raw: [Option<&'a str>; Field::COUNT],
    twice: Option<Field>,
}

/// Walks the whole document: all of it is JSON, and it is an object.
fn document(text: &str) -> Result<Found<'_>, Refusal> {
    let mut json = serde_json::Deserializer::from_str(text);
    let is_object = text.trim_ascii_start().starts_with('{');
    let found = if is_object {
        json.deserialize_map(FindFields)
    } else {
        json.deserialize_ignored_any(IgnoredAny)
            .map(|_| Found::NOTHING)
    };
    let found = found
        .and_then(|found| json.end().map(|()| found))
        .map_err(|error| not_json(&error))?;
    if is_object {
        Ok(found)
    } else {
        Err(Refusal::new(
            Reason::NotAnObject,
            format!("expected an object, found {}", json_type(text)),
        ))
    }
}

impl<'a> Found<'a> {
    const NOTHING: Found<'a> = Found {
        raw: [None; Field::COUNT],
        twice: None,
    };

    fn require_all(&self) -> Result<(), Refusal> {
        if Field::REQUIRED
            .iter()
            .all(|field| self.raw[*field as usize].is_some())
        {
            return Ok(());
        }
        let missing: Vec<_> = Field::REQUIRED
            .iter()
            .filter(|field| self.raw[**field as usize].is_none())
            .map(|field| field.name())
            .collect();
        Err(Refusal::new(
            Reason::MissingField,
            format!("without {}", missing.join(", ")),
        ))
    }

    fn raw(&self, field: Field) -> &'a str {
        self.raw[field as usize].unwrap_or("null")
    }

    fn read<T>(
        &self,
        field: Field,
        reason: Reason,
        expected: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, Refusal> {
        let text = self.text(field)?;
        if is_too_long(&text) {
            return Err(too_long(field));
        }
        read(&text).ok_or_else(|| refuse(reason, field, expected))
    }

    /// A text; copied only where it holds escapes.
    fn text(&self, field: Field) -> Result<Cow<'a, str>, Refusal> {
        let raw = self.raw(field);
        let inside = raw
            .strip_prefix('"')
            .and_then(|raw| raw.strip_suffix('"'))
            .ok_or_else(|| wrong_type(field, "text", raw))?;
        if !inside.as_bytes().contains(&b'\\') {
            return Ok(Cow::Borrowed(inside));
        }
        // What the walk let through has good escapes; only half of a surrogate pair can still be wrong.
        serde_json::from_str(raw).map(Cow::Owned).map_err(|_| {
            Refusal::new(
                Reason::NotJson,
                format!("{} holds half of a surrogate pair", field.name()),
            )
        })
    }

    fn optional_text(&self, field: Field) -> Result<Option<Cow<'a, str>>, Refusal> {
        match self.raw(field) {
            "null" => Ok(None),
            _ => self.text(field).map(Some),
        }
    }

    fn amount(&self) -> Result<Amount, Refusal> {
        let raw = self.raw(Field::Amount);
        if !raw.starts_with(|first: char| first == '-' || first.is_ascii_digit()) {
            return Err(wrong_type(Field::Amount, "a number", raw));
        }
        raw.parse().map_err(|error| {
            Refusal::new(
                Reason::BadAmount,
                format!("{} is {error}", Field::Amount.name()),
            )
        })
    }
}

fn wrong_type(field: Field, expected: &str, raw: &str) -> Refusal {
    Refusal::new(
        Reason::WrongType,
        format!(
            "{}: expected {expected}, found {}",
            field.name(),
            json_type(raw)
        ),
    )
}

/// The parser's messages for broken syntax are fixed texts with a position; none repeats what it read.
fn not_json(error: &serde_json::Error) -> Refusal {
    let detail = if error.is_data() {
        format!(
            "unreadable at line {} column {}",
            error.line(),
            error.column()
        )
    } else {
        error.to_string()
    };
    Refusal::new(Reason::NotJson, detail)
}

/// What kind of value a valid JSON text is, by its first character.
fn json_type(raw: &str) -> &'static str {
    match raw.trim_ascii_start().as_bytes().first() {
        Some(b'"') => "text",
        Some(b'{') => "an object",
        Some(b'[') => "a list",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        _ => "a number",
    }
}

/// Notes where the fields' values stand.
struct FindFields;

impl<'de> Visitor<'de> for FindFields {
    type Value = Found<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Found<'de>, M::Error> {
        let mut found = Found::NOTHING;
        while let Some(field) = map.next_key_seed(FieldName)? {
            let Some(field) = field else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let value: &RawValue = map.next_value()?;
            if found.raw[field as usize].replace(value.get()).is_some() {
                found.twice.get_or_insert(field);
            }
        }
        Ok(found)
    }
}

/// Tells a field that we read from any other, without copying its name.
struct FieldName;

impl<'de> DeserializeSeed<'de> for FieldName {
    type Value = Option<Field>;

    fn deserialize<D: serde::Deserializer<'de>>(self, name: D) -> Result<Option<Field>, D::Error> {
        name.deserialize_str(self)
    }
}

impl Visitor<'_> for FieldName {
    type Value = Option<Field>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Option<Field>, E> {
        Ok(Field::named(name))
    }
}
