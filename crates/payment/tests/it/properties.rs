//! What holds for every payment, and for every heap of bytes.

use std::borrow::Cow;

use chrono::{NaiveDate, NaiveTime};
use payment::{Amount, AmountError, Fields, Payment, Source, wire};
use proptest::option;
use proptest::prelude::*;

/// Any text that the wire takes: every plane of Unicode, controls and quotes too, up to the limit of characters.
fn text() -> impl Strategy<Value = Cow<'static, str>> {
    let characters = prop_oneof![3 => any::<char>(), 1 => prop::sample::select(vec!['"', '\\', '/', '\n', '\u{0}', '\u{7f}', '\u{2028}'])];
    prop_oneof![
        prop::collection::vec(characters, 0..=payment::TEXT_LIMIT)
            .prop_map(|characters| Cow::Owned(characters.into_iter().collect())),
        prop::sample::select(vec!["", "BITCOIN", "STRANGER", "null", "엄마"])
            .prop_map(Cow::Borrowed),
    ]
}

fn amounts() -> impl Strategy<Value = Amount> {
    let hundredths = prop_oneof![0..=Amount::MAX.hundredths(), 0u64..100_000];
    hundredths.prop_map(|hundredths| Amount::from_hundredths(hundredths).expect("within the limit"))
}

prop_compose! {
    fn fields()(
        day in 0i64..3_652_059, // 0001-01-01 to 9999-12-31
        second in 0u32..86_400,
        amount in amounts(),
        texts in (text(), text()),
        optional in [option::of(text()), option::of(text()), option::of(text()), option::of(text())],
    ) -> Fields<'static> {
        let [id, account, currency, country] = optional;
        let first = NaiveDate::from_ymd_opt(1, 1, 1).expect("a day");
        Fields {
            date: first + chrono::Days::new(day.unsigned_abs()),
            time: NaiveTime::from_num_seconds_from_midnight_opt(second, 0).expect("a time"),
            payment_type: texts.0,
            amount,
            who: texts.1,
            id,
            account,
            currency,
            country,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_reads_back(fields in fields()) {
        let payment = Payment::try_from(fields).expect("a payment");
        let bytes = wire::write(&payment);
        prop_assert_eq!(Payment::try_from(bytes.as_slice()).expect("reads back"), payment);
    }

    #[test]
    fn what_is_written_the_old_way_reads_back_without_the_new_fields(fields in fields()) {
        let old = Fields { id: None, account: None, currency: None, country: None, ..fields };
        let payment = Payment::try_from(old).expect("a payment");
        let bytes = wire::write_legacy(&payment);
        prop_assert!(bytes.is_ascii());
        prop_assert_eq!(Payment::try_from(bytes.as_slice()).expect("reads back"), payment);
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Payment::try_from(bytes.as_slice());
    }

    #[test]
    fn no_damage_to_a_payment_panics(fields in fields(), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()) {
        let mut bytes = wire::write(&Payment::try_from(fields).expect("a payment"));
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = Payment::try_from(bytes.as_slice());
        bytes.truncate(cut.index(bytes.len()));
        prop_assert!(Payment::try_from(bytes.as_slice()).is_err());
    }

    #[test]
    fn an_amount_reads_what_it_prints(amount in amounts()) {
        prop_assert_eq!(amount.to_string().parse(), Ok(amount));
    }

    #[test]
    fn moving_the_point_and_the_exponent_together_changes_nothing(amount in amounts(), shift in 0usize..40) {
        let digits = amount.hundredths().to_string();
        let zeros = "0".repeat(shift);
        prop_assert_eq!(format!("{digits}{zeros}e-{}", shift + 2).parse(), Ok(amount));
        prop_assert_eq!(format!("0.{zeros}{digits}e{}", (shift + digits.len()).saturating_sub(2)).parse::<Amount>().is_ok(), shift + digits.len() >= 2 || amount.hundredths() == 0);
    }

    #[test]
    fn every_json_number_is_an_amount_or_has_a_reason(text in "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,30})?([eE][+-]?[0-9]{1,25})?") {
        prop_assert_ne!(text.parse::<Amount>(), Err(AmountError::NotANumber));
    }

    #[test]
    fn no_text_panics_an_amount(text in "\\PC{0,20}|[-+.eE0-9]{0,20}") {
        let _ = text.parse::<Amount>();
    }

    #[test]
    fn a_source_reads_what_it_prints(topic in "[a-zA-Z0-9._-]{1,30}", partition in 0..=i32::MAX, offset in 0..=i64::MAX) {
        let source = Source { topic, partition, offset };
        prop_assert_eq!(source.to_string().parse(), Ok(source));
    }
}
