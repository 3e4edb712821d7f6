//! The door of payments: what passes is exactly what the JSON says, and can be written and read again.

use std::collections::BTreeMap;

use payment::{Amount, Fields, Payment, Reason, Refusal, TEXT_LIMIT, wire};
use serde_json::value::RawValue;

use super::by_hand;

/// The refusal's detail travels in a header, and headers have little room.
const LONGEST_DETAIL: usize = 256;

/// Checks any bytes as a payment.
pub fn payment(bytes: &[u8]) {
    match Payment::try_from(bytes) {
        Ok(payment) => {
            says_what_the_json_says(bytes, &payment);
            reads_what_it_writes(&payment);
            stands_alone(bytes, &payment);
        }
        Err(refusal) => is_a_good_refusal(bytes, &refusal),
    }
}

/// Held against serde_json's own idea of the object, the amount against a schoolbook.
fn says_what_the_json_says(bytes: &[u8], payment: &Payment<'_>) {
    let Some(fields) = object(bytes) else {
        // Half a surrogate pair in the name of a field that is not ours: skipped by us, refused by serde_json.
        assert!(bytes.windows(2).any(|pair| pair == b"\\u"));
        return;
    };
    let text = |name: &str| -> Option<String> {
        let raw = fields.get(name)?.get();
        serde_json::from_str(raw).expect("text or null")
    };
    assert_eq!(
        text("DATE"),
        Some(payment.date.format("%m/%d/%Y").to_string())
    );
    assert_eq!(
        text("TIME"),
        Some(payment.time.format("%H:%M:%S").to_string())
    );
    assert_eq!(text("PAYMENTTYPE").as_deref(), Some(&*payment.payment_type));
    assert_eq!(text("WHO").as_deref(), Some(&*payment.who));
    assert_eq!(text("ID").as_deref(), payment.id.as_deref());
    assert_eq!(text("ACCOUNT").as_deref(), payment.account.as_deref());
    assert_eq!(text("CURRENCY").as_deref(), payment.currency.as_deref());
    assert_eq!(text("COUNTRY").as_deref(), payment.country.as_deref());
    assert_eq!(
        by_hand::hundredths(fields["AMOUNT"].get()),
        Ok(payment.amount.hundredths())
    );

    let texts = [
        Some(&payment.payment_type),
        Some(&payment.who),
        payment.id.as_ref(),
    ];
    let more = [&payment.account, &payment.currency, &payment.country];
    for text in texts.into_iter().chain(more.map(Option::as_ref)).flatten() {
        assert!(text.chars().count() <= TEXT_LIMIT);
    }
    assert!(payment.amount <= Amount::MAX);
}

fn reads_what_it_writes(payment: &Payment<'_>) {
    let written = wire::write(payment);
    let again = Payment::try_from(written.as_slice()).expect("what we wrote");
    assert_eq!(&again, payment);
    assert_eq!(wire::write(&again), written);

    let old = Fields {
        id: None,
        account: None,
        currency: None,
        country: None,
        ..(**payment).clone()
    };
    let old = Payment::try_from(old).expect("fewer fields are a payment as well");
    let legacy = wire::write_legacy(&old);
    assert!(legacy.is_ascii());
    assert_eq!(
        Payment::try_from(legacy.as_slice()).expect("what Python writes"),
        old
    );
}

/// Space around a payment changes nothing; a payment that lost its end is none.
fn stands_alone(bytes: &[u8], payment: &Payment<'_>) {
    let spaced = [b"\t\r\n ", bytes, b" \n"].concat();
    assert_eq!(Payment::try_from(spaced.as_slice()).as_ref(), Ok(payment));
    let trimmed = bytes.trim_ascii();
    assert!(Payment::try_from(&trimmed[..trimmed.len() - 1]).is_err());
    assert!(Payment::try_from(&[trimmed, b"}"].concat()[..]).is_err());
}

/// It is right about the bytes as far as another reader can tell, and repeats nothing of them: a field's value may
/// be somebody's name.
fn is_a_good_refusal(bytes: &[u8], refusal: &Refusal) {
    assert!(Reason::ALL.contains(&refusal.reason));
    assert!(
        refusal.detail.is_ascii() && refusal.detail.len() <= LONGEST_DETAIL,
        "{refusal}"
    );
    assert_eq!(refusal.reason == Reason::EmptyPayload, bytes.is_empty());
    assert_eq!(
        refusal.reason == Reason::NotUtf8,
        std::str::from_utf8(bytes).is_err()
    );
    let Some(fields) = object(bytes) else {
        return;
    };
    match refusal.reason {
        Reason::MissingField => assert!(
            ["DATE", "TIME", "PAYMENTTYPE", "AMOUNT", "WHO"]
                .iter()
                .any(|name| !fields.contains_key(*name))
        ),
        Reason::BadAmount => assert!(by_hand::hundredths(fields["AMOUNT"].get()).is_err()),
        // JSON itself was fine, so only half of a surrogate pair in a field of ours can be wrong with it.
        Reason::NotJson => assert!(bytes.windows(2).any(|pair| pair == b"\\u")),
        Reason::NotAnObject | Reason::EmptyPayload | Reason::NotUtf8 | Reason::Tombstone => {
            panic!("an object is refused with {refusal}")
        }
        Reason::DuplicateField
        | Reason::WrongType
        | Reason::FieldTooLong
        | Reason::BadDate
        | Reason::BadTime => {}
    }
}

/// The fields as serde_json sees them, values unread.
fn object(bytes: &[u8]) -> Option<BTreeMap<String, &RawValue>> {
    serde_json::from_slice(bytes).ok()
}
