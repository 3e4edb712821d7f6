//! A payment's JSON, written.
//!
//! Only who makes payments writes them: the producer and tests. Whoever forwards one passes on the bytes that came.

use crate::field::Field;
use crate::{Amount, Payment, business};

/// Writes a payment with all the fields it has: compact, UTF-8, the five old fields first.
#[must_use]
pub fn write(payment: &Payment<'_>) -> Vec<u8> {
    let mut object = Object::new(&COMPACT);
    object.old_fields(payment, &payment.amount.to_string());
    let optional = [
        (Field::Id, &payment.id),
        (Field::Account, &payment.account),
        (Field::Currency, &payment.currency),
        (Field::Country, &payment.country),
    ];
    for (field, text) in optional {
        if let Some(text) = text {
            object.text(field, text);
        }
    }
    object.close()
}

/// Writes the five old fields alone, byte for byte as the replaced producer's `json.dumps` does: spaces after
/// commas and colons, everything outside ASCII escaped, an amount as Python prints a number (`57.1`).
#[must_use]
pub fn write_legacy(payment: &Payment<'_>) -> Vec<u8> {
    let mut object = Object::new(&PYTHON);
    object.old_fields(payment, &python_number(payment.amount));
    object.close()
}

/// How JSON is spelled; both spellings mean the same.
struct Spelling {
    comma: &'static str,
    colon: &'static str,
    ascii: bool,
}

const COMPACT: Spelling = Spelling {
    comma: ",",
    colon: ":",
    ascii: false,
};
const PYTHON: Spelling = Spelling {
    comma: ", ",
    colon: ": ",
    ascii: true,
};

/// A JSON object in the making.
struct Object {
    json: String,
    spelling: &'static Spelling,
}

impl Object {
    fn new(spelling: &'static Spelling) -> Object {
        // Most payments fit, so that writing one is one allocation.
        Object {
            json: String::with_capacity(256),
            spelling,
        }
    }

    fn old_fields(&mut self, payment: &Payment<'_>, amount: &str) {
        self.text(Field::Date, &business::write_date(payment.date));
        self.text(Field::Time, &business::write_time(payment.time));
        self.text(Field::PaymentType, &payment.payment_type);
        self.name(Field::Amount);
        self.json.push_str(amount);
        self.text(Field::Who, &payment.who);
    }

    fn name(&mut self, field: Field) {
        self.json.push_str(if self.json.is_empty() {
            "{"
        } else {
            self.spelling.comma
        });
        self.json.push('"');
        self.json.push_str(field.name());
        self.json.push('"');
        self.json.push_str(self.spelling.colon);
    }

    fn text(&mut self, field: Field, text: &str) {
        self.name(field);
        self.json.push('"');
        for character in text.chars() {
            self.character(character);
        }
        self.json.push('"');
    }

    fn character(&mut self, character: char) {
        match character {
            '"' => self.json.push_str("\\\""),
            '\\' => self.json.push_str("\\\\"),
            '\n' => self.json.push_str("\\n"),
            '\r' => self.json.push_str("\\r"),
            '\t' => self.json.push_str("\\t"),
            '\u{8}' => self.json.push_str("\\b"),
            '\u{c}' => self.json.push_str("\\f"),
            ' '..='~' => self.json.push(character),
            _ if character < ' ' || self.spelling.ascii => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    self.json.push_str(&format!("\\u{unit:04x}"));
                }
            }
            _ => self.json.push(character),
        }
    }

    fn close(mut self) -> Vec<u8> {
        self.json.push('}');
        self.json.into_bytes()
    }
}

/// Python prints the shortest digits that name a float: with at most fifteen significant ones, which is every
/// amount that is not whole, those are the decimal digits without the last zero.
fn python_number(amount: Amount) -> String {
    let plain = amount.to_string();
    match plain.strip_suffix('0') {
        Some(shorter) if plain.contains('.') => shorter.to_owned(),
        _ => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Fields;

    /// The payment that the replaced system's documents show, sent by a payer who types Korean.
    fn fields() -> Fields<'static> {
        Fields {
            date: business::read_date("01/28/2022").expect("a date"),
            time: business::read_time("14:03:07").expect("a time"),
            payment_type: "BITCOIN".into(),
            amount: Amount::from_hundredths(5_700).expect("an amount"),
            who: "엄마".into(),
            id: None,
            account: None,
            currency: None,
            country: None,
        }
    }

    fn check(write: fn(&Payment<'_>) -> Vec<u8>, fields: Fields<'_>, expected: &str) {
        let payment = Payment::try_from(fields).expect("a payment");
        let bytes = write(&payment);
        assert_eq!(std::str::from_utf8(&bytes).expect("utf-8"), expected);
        assert_eq!(
            Payment::try_from(bytes.as_slice())
                .expect("reads back")
                .amount,
            payment.amount
        );
    }

    #[test]
    fn the_legacy_bytes_are_python_s() {
        check(
            write_legacy,
            fields(),
            r#"{"DATE": "01/28/2022", "TIME": "14:03:07", "PAYMENTTYPE": "BITCOIN", "AMOUNT": 57, "WHO": "\uc5c4\ub9c8"}"#,
        );
    }

    #[test]
    fn legacy_escapes_are_python_s() {
        let who = "\" \\ / \u{8}\u{c}\n\r\t \u{1}\u{1f}\u{7f} é 😀".into();
        let expected = concat!(
            r#"{"DATE": "01/28/2022", "TIME": "14:03:07", "PAYMENTTYPE": "BITCOIN", "AMOUNT": 57, "#,
            r#""WHO": "\" \\ / \b\f\n\r\t \u0001\u001f\u007f \u00e9 \ud83d\ude00"}"#
        );
        check(write_legacy, Fields { who, ..fields() }, expected);
    }

    #[test]
    fn legacy_amounts_are_python_s() {
        for (hundredths, expected) in [
            (5_710, "57.1"),
            (5_709, "57.09"),
            (10, "0.1"),
            (100_000, "1000"),
            (0, "0"),
            (999_999_999_999_999, "9999999999999.99"),
        ] {
            let amount = Amount::from_hundredths(hundredths).expect("an amount");
            assert_eq!(python_number(amount), expected);
        }
    }

    #[test]
    fn a_full_payment_is_compact_utf_8_with_the_old_fields_first() {
        let full = Fields {
            amount: Amount::from_hundredths(5_710).expect("an amount"),
            id: Some("018e-1".into()),
            account: Some("acct-000042".into()),
            currency: Some("KRW".into()),
            country: Some("KR".into()),
            ..fields()
        };
        let expected = concat!(
            r#"{"DATE":"01/28/2022","TIME":"14:03:07","PAYMENTTYPE":"BITCOIN","AMOUNT":57.10,"WHO":"엄마","#,
            r#""ID":"018e-1","ACCOUNT":"acct-000042","CURRENCY":"KRW","COUNTRY":"KR"}"#
        );
        check(write, full, expected);
    }

    #[test]
    fn optional_fields_that_are_not_there_are_left_out() {
        let some = Fields {
            country: Some(String::new().into()),
            ..fields()
        };
        check(
            write,
            some,
            r#"{"DATE":"01/28/2022","TIME":"14:03:07","PAYMENTTYPE":"BITCOIN","AMOUNT":57,"WHO":"엄마","COUNTRY":""}"#,
        );
    }
}
