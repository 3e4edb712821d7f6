//! Amounts from text and to text.

use super::*;

fn check(text: &str, expected: Result<u64, AmountError>) {
    assert_eq!(
        text.parse::<Amount>().map(Amount::hundredths),
        expected,
        "{text}"
    );
}

#[test]
fn the_same_money_in_other_digits_is_the_same_amount() {
    for text in [
        "57",
        "57.0",
        "57.00",
        "57.000",
        "5.7e1",
        "5.7E+1",
        "570e-1",
        "0.57e2",
        "0.00057e5",
        "57000e-3",
    ] {
        check(text, Ok(5_700));
    }
    for text in ["57.1", "57.10", "57.1000000", "571e-1", "0.0000571e6"] {
        check(text, Ok(5_710));
    }
    check("0.01", Ok(1));
    check("1e-2", Ok(1));
    check("100.05", Ok(10_005));
}

#[test]
fn zero_is_zero_however_it_is_written() {
    for text in [
        "0",
        "-0",
        "0.0",
        "-0.000",
        "0e999999999999999999999",
        "-0e-99999999999999999999",
        "0.000e5",
    ] {
        check(text, Ok(0));
    }
}

#[test]
fn more_than_two_decimals_are_refused() {
    for text in [
        "57.001",
        "0.001",
        "1e-3",
        "9999999999999.999",
        "5e-324",
        "1e-99999999999999999999999",
    ] {
        check(text, Err(AmountError::TooFine));
    }
}

#[test]
fn the_limit_itself_is_an_amount_and_the_next_hundredth_is_not() {
    for text in [
        "10000000000000",
        "1e13",
        "10000000000000.00",
        "0.1e14",
        "1000000000000000000e-5",
    ] {
        check(text, Ok(Amount::MAX.hundredths()));
    }
    check("9999999999999.99", Ok(Amount::MAX.hundredths() - 1));
    for text in [
        "10000000000000.01",
        "10000000000001",
        "1.0000000000001e13",
        "1e14",
        "1e308",
        "1e309",
        "1e999999999",
        "1e99999999999999999999999999",
        "18446744073709551616",
        "184467440737095516.16",
        "99999999999999999999999999999999999999",
    ] {
        check(text, Err(AmountError::TooLarge));
    }
}

#[test]
fn nothing_is_owed_to_the_payer() {
    for text in ["-1", "-0.01", "-57.001", "-1e99", "-1e-99"] {
        check(text, Err(AmountError::Negative));
    }
}

#[test]
fn what_json_does_not_call_a_number_is_not_one() {
    for text in [
        "",
        "-",
        "+1",
        "01",
        "-01",
        ".5",
        "5.",
        "5.e1",
        "1e",
        "1e+",
        "1e-",
        "1e1.5",
        "NaN",
        "Infinity",
        "-Infinity",
        "0x10",
        "1_000",
        "1,5",
        " 1",
        "1 ",
        "--1",
        "1e+-1",
        "٣",
    ] {
        check(text, Err(AmountError::NotANumber));
    }
}

#[test]
fn a_megabyte_of_digits_or_a_huge_exponent_is_cheap() {
    let zeros = "0".repeat(1_000_000);
    check(&format!("0.{zeros}57e1000002"), Ok(5_700));
    check(&format!("57{zeros}e-1000000"), Ok(5_700));
    check(&format!("57.{zeros}"), Ok(5_700));
    check(&format!("57.{zeros}1"), Err(AmountError::TooFine));
    check(&"9".repeat(1_000_000), Err(AmountError::TooLarge));
    check(
        &format!("1e{}", "9".repeat(1_000_000)),
        Err(AmountError::TooLarge),
    );
}

#[test]
fn an_amount_prints_as_plain_decimal() {
    for (hundredths, expected) in [
        (0, "0"),
        (1, "0.01"),
        (5_700, "57"),
        (5_710, "57.10"),
        (5_709, "57.09"),
        (10u64.pow(15), "10000000000000"),
    ] {
        assert_eq!(Amount(hundredths).to_string(), expected);
    }
}

#[test]
fn hundredths_above_the_limit_make_no_amount() {
    assert_eq!(Amount::from_hundredths(10u64.pow(15)), Some(Amount::MAX));
    assert_eq!(Amount::from_hundredths(10u64.pow(15) + 1), None);
}
