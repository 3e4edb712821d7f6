//! What passes the door, and by what name the rest is refused.

use std::borrow::Cow;

use payment::{Payment, Reason, Refusal, TEXT_LIMIT};

/// What the replaced producer writes, byte for byte: Python escapes every Korean name.
const GOLDEN: &str = r#"{"DATE": "01/28/2022", "TIME": "14:03:07", "PAYMENTTYPE": "BITCOIN", "AMOUNT": 57, "WHO": "\uc5c4\ub9c8"}"#;

/// What our producer writes.
const FULL: &str = concat!(
    r#"{"DATE":"01/28/2022","TIME":"14:03:07","PAYMENTTYPE":"VISA","AMOUNT":57.10,"WHO":"MOM","#,
    r#""ID":"017e9f1c-7c00-7000-8000-000000000001","ACCOUNT":"acct-000042","CURRENCY":"KRW","COUNTRY":"KR"}"#
);

fn read(json: &str) -> Result<Payment<'_>, Refusal> {
    Payment::try_from(json.as_bytes())
}

/// The golden payment with one piece of its text replaced.
fn with(from: &str, to: &str) -> String {
    assert!(GOLDEN.contains(from), "{from}");
    GOLDEN.replace(from, to)
}

fn refused(json: impl AsRef<[u8]>, reason: Reason) -> Refusal {
    let json = json.as_ref();
    let shown = String::from_utf8_lossy(&json[..json.len().min(200)]).into_owned();
    let refusal = Payment::try_from(json).expect_err(&shown);
    assert_eq!(refusal.reason, reason, "{shown}: {}", refusal.detail);
    assert!(
        !refusal.detail.is_empty() && refusal.detail.len() < 120,
        "{}",
        refusal.detail
    );
    refusal
}

#[test]
fn python_s_bytes_are_a_payment() {
    let payment = read(GOLDEN).expect("a payment");
    assert_eq!(payment.date.to_string(), "2022-01-28");
    assert_eq!(payment.time.to_string(), "14:03:07");
    assert_eq!(payment.payment_type, "BITCOIN");
    assert_eq!(payment.amount.hundredths(), 5_700);
    assert_eq!(payment.who, "엄마");
    assert_eq!(
        (
            &payment.id,
            &payment.account,
            &payment.currency,
            &payment.country
        ),
        (&None, &None, &None, &None)
    );
}

#[test]
fn our_own_bytes_are_a_payment_that_borrows() {
    let payment = read(FULL).expect("a payment");
    assert_eq!(payment.amount.hundredths(), 5_710);
    assert_eq!(
        payment.id.as_deref(),
        Some("017e9f1c-7c00-7000-8000-000000000001")
    );
    assert_eq!(payment.account.as_deref(), Some("acct-000042"));
    assert_eq!(payment.currency.as_deref(), Some("KRW"));
    assert_eq!(payment.country.as_deref(), Some("KR"));
    assert!(matches!(payment.who, Cow::Borrowed("MOM")));
    assert!(matches!(payment.account, Some(Cow::Borrowed(_))));
}

#[test]
fn a_record_without_a_payload_is_a_tombstone() {
    let refusal = Payment::try_from(None::<&[u8]>).expect_err("refused");
    assert_eq!(refusal.reason, Reason::Tombstone);
    assert!(Payment::try_from(Some(GOLDEN.as_bytes())).is_ok());
}

#[test]
fn no_bytes_are_an_empty_payload_and_blanks_are_not_json() {
    refused("", Reason::EmptyPayload);
    refused("  \n", Reason::NotJson);
}

#[test]
fn bytes_that_are_not_utf_8_are_refused_wherever_they_stand() {
    refused(b"\xff", Reason::NotUtf8);
    refused([GOLDEN.as_bytes(), b"\xc3"].concat(), Reason::NotUtf8);
    refused(b"{\"NOTE\":\"\xed\xa0\x80\"}", Reason::NotUtf8);
    let utf16: Vec<u8> = GOLDEN
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .chain(*b"\xff\xfe")
        .collect();
    refused(utf16, Reason::NotUtf8);
}

#[test]
fn what_is_not_json_is_refused_as_such_whatever_else_is_wrong_with_it() {
    for json in [
        "not json".to_owned(),
        "{".into(),
        "[1, 2".into(),
        "\u{feff}{}".into(),
        format!("{GOLDEN} x"),
        format!("{GOLDEN}{GOLDEN}"),
        "57 58".into(),
        with("57", "NaN"),
        with("57", "Infinity"),
        with("57", "-Infinity"),
        with("57", "057"),
        with("57", "+57"),
        with("57", "57."),
        with("57", ".5"),
        with("57", "0x39"),
        with("57", "1e"),
        with("57", ""),
        with("57", "57,,"),
        with("\"BITCOIN\"", "'BITCOIN'"),
        with("\"BITCOIN\"", "True"),
        with("BITCOIN", "BIT\nCOIN"),
        with("BITCOIN", "\\x42"),
        with("\\uc5c4", "\\uc5c"),
        // Half of a surrogate pair: Python writes and reads it, no UTF-8 text can hold it.
        with("\\uc5c4", "\\ud83d"),
        with("\\uc5c4", "\\ude00\\ud83d"),
        // A wrong type first, broken syntax after: the document is not JSON.
        r#"{"DATE": 5, "TIME": tru}"#.into(),
        r#"{"DATE": 5, "DATE": 6"#.into(),
    ] {
        refused(json, Reason::NotJson);
    }
}

#[test]
fn json_that_is_no_object_is_named_so() {
    for json in [
        "null",
        "true",
        "57",
        "1e999",
        "\"text\"",
        "[]",
        " [{\"DATE\": 1}] ",
        "-0.0",
    ] {
        refused(json, Reason::NotAnObject);
    }
}

#[test]
fn a_missing_field_is_named() {
    for name in ["DATE", "TIME", "PAYMENTTYPE", "AMOUNT", "WHO"] {
        let refusal = refused(
            with(&format!("\"{name}\""), "\"SOMETHINGELSE\""),
            Reason::MissingField,
        );
        assert_eq!(refusal.detail, format!("without {name}"));
    }
    assert_eq!(
        refused("{}", Reason::MissingField).detail,
        "without DATE, TIME, PAYMENTTYPE, AMOUNT, WHO"
    );
    refused(with("WHO", "who"), Reason::MissingField);
}

#[test]
fn a_field_of_another_type_is_named() {
    let others = [
        "true",
        "false",
        "null",
        "[]",
        "{}",
        "{\"a\": [1]}",
        "57",
        "1e999",
        "-5",
    ];
    for (field, value) in [
        ("DATE", "\"01/28/2022\""),
        ("TIME", "\"14:03:07\""),
        ("PAYMENTTYPE", "\"BITCOIN\""),
        ("WHO", r#""\uc5c4\ub9c8""#),
    ] {
        for other in others {
            let refusal = refused(
                with(
                    &format!("\"{field}\": {value}"),
                    &format!("\"{field}\": {other}"),
                ),
                Reason::WrongType,
            );
            assert!(refusal.detail.starts_with(field), "{}", refusal.detail);
        }
    }
    for other in ["\"57\"", "true", "null", "[57]", "{}", "\"NaN\""] {
        refused(with("57", other), Reason::WrongType);
    }
    for field in ["ID", "ACCOUNT", "CURRENCY", "COUNTRY"] {
        for other in ["true", "[]", "{}", "57"] {
            refused(
                with("{", &format!("{{\"{field}\": {other}, ")),
                Reason::WrongType,
            );
        }
    }
}

#[test]
fn null_in_an_optional_field_counts_as_absent() {
    for field in ["ID", "ACCOUNT", "CURRENCY", "COUNTRY"] {
        let json = with("{", &format!("{{\"{field}\": null, "));
        assert_eq!(read(&json), read(GOLDEN), "{json}");
    }
}

#[test]
fn a_field_that_we_read_may_not_stand_there_twice() {
    for name in [
        "DATE",
        "TIME",
        "PAYMENTTYPE",
        "AMOUNT",
        "WHO",
        "ID",
        "ACCOUNT",
        "CURRENCY",
        "COUNTRY",
    ] {
        let refusal = refused(
            FULL.replacen('{', &format!("{{\"{name}\": null, "), 1),
            Reason::DuplicateField,
        );
        assert!(refusal.detail.starts_with(name), "{}", refusal.detail);
    }
    refused(
        with("{", "{\"\\u0057HO\": \"ME\", "),
        Reason::DuplicateField,
    );
    refused("{\"ID\": null, \"ID\": null}", Reason::DuplicateField);
}

#[test]
fn unknown_fields_are_none_of_our_business() {
    let json = with(
        "{",
        r#"{"NOTE": "a", "NOTE": "b", "amount": -1, "": [{"DATE": 5}], "HALF": "\ud83d", "BIG": 1e999, "#,
    );
    assert_eq!(read(&json), read(GOLDEN));
}

#[test]
fn escapes_count_in_names_and_texts_alike() {
    let json = with("\"DATE\": \"01/28/2022\"", r#""\u0044ATE": "01\/28\/2022""#);
    assert_eq!(read(&json), read(GOLDEN));
}

#[test]
fn the_order_of_fields_and_the_blanks_between_them_do_not_matter() {
    let json = "\r\n\t { \"WHO\" : \"엄마\" ,\n\"AMOUNT\":\t57.00 , \"PAYMENTTYPE\":\"BITCOIN\",\"TIME\":\"14:03:07\",\"DATE\":\"01/28/2022\" } \n";
    assert_eq!(read(json), read(GOLDEN));
}

#[test]
fn impossible_dates_and_times_are_refused() {
    for date in [
        "02/30/2022",
        "13/28/2022",
        "01/28/22",
        "1/28/2022",
        "2022-01-28",
        "01/28/0000",
        "",
    ] {
        refused(with("01/28/2022", date), Reason::BadDate);
    }
    for time in [
        "24:00:00",
        "14:60:00",
        "14:03:60",
        "14:03",
        "2:03:07 PM",
        "",
    ] {
        refused(with("14:03:07", time), Reason::BadTime);
    }
}

#[test]
fn amounts_are_read_from_their_digits() {
    for amount in ["57", "57.0", "57.000", "5.7e1", "5.7E+1", "570e-1"] {
        assert_eq!(
            read(&with("57", amount)).expect(amount).amount.hundredths(),
            5_700
        );
    }
    assert_eq!(
        read(&with("57", "57.10"))
            .expect("57.10")
            .amount
            .hundredths(),
        5_710
    );
    assert_eq!(read(&with("57", "-0")).expect("-0").amount.hundredths(), 0);
    assert_eq!(
        read(&with("57", "9007199254740.93"))
            .expect("above 2^53")
            .amount
            .hundredths(),
        900_719_925_474_093
    );
    for amount in [
        "57.001",
        "-1",
        "-0.01",
        "10000000000000.01",
        "1e14",
        "1e400",
        "1e99999999999999999999",
    ] {
        refused(with("57", amount), Reason::BadAmount);
    }
}

#[test]
fn a_text_is_as_long_as_its_characters() {
    for letter in ["a", "엄", "😀", "\\uc5c4", "\\ud83d\\ude00"] {
        let (longest, longer) = (letter.repeat(TEXT_LIMIT), letter.repeat(TEXT_LIMIT + 1));
        for name in ["ID", "ACCOUNT", "CURRENCY", "COUNTRY"] {
            assert!(
                read(&with("{", &format!("{{\"{name}\":\"{longest}\","))).is_ok(),
                "{name} {letter}"
            );
            refused(
                with("{", &format!("{{\"{name}\":\"{longer}\",")),
                Reason::FieldTooLong,
            );
        }
        for value in ["BITCOIN", "\\uc5c4\\ub9c8"] {
            assert!(read(&with(value, &longest)).is_ok(), "{value} {letter}");
            refused(with(value, &longer), Reason::FieldTooLong);
        }
        for value in ["01/28/2022", "14:03:07"] {
            refused(with(value, &longer), Reason::FieldTooLong);
        }
    }
}

#[test]
fn a_hundred_thousand_brackets_neither_crash_nor_stop_us() {
    let (open, close) = ("[".repeat(100_000), "]".repeat(100_000));
    assert!(read(&with("{", &format!("{{\"DEEP\": {open}{close}, "))).is_ok());
    refused(&open, Reason::NotJson);
    refused(format!("{open}{close}"), Reason::NotAnObject);
    refused("{\"DATE\":".repeat(100_000), Reason::NotJson);
    refused(with("57", &format!("{open}{close}")), Reason::WrongType);
}

#[test]
fn no_refusal_repeats_what_it_refused() {
    let secret = "4929-1234-5678";
    for json in [
        format!("{{\"ACCOUNT\": \"{secret}\", \"ACCOUNT\": \"{secret}\"}}"),
        format!("{{\"ACCOUNT\": \"{secret}\", \"{secret}\": {secret}}}"),
        format!("{{\"ACCOUNT\": \"{secret}\" \"{secret}\"}}"),
        format!("\"{secret}\""),
        with("01/28/2022", secret),
        with("14:03:07", secret),
        with("57", &format!("\"{secret}\"")),
        with("57", "492912345678.001"),
        with("BITCOIN", &secret.repeat(30)),
        with("{", &format!("{{\"ACCOUNT\": {{\"{secret}\": 1}}, ")),
    ] {
        let refusal = read(&json).expect_err(&json);
        assert!(!refusal.to_string().contains("4929"), "{refusal}");
    }
}
