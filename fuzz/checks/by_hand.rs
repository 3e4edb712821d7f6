//! The schoolbook that amounts are held against: the point is moved in the text, no digit is ever multiplied.

use payment::AmountError;
use serde_json::value::RawValue;

/// The hundredths that a JSON number names, by moving the point in its text.
pub fn hundredths(text: &str) -> Result<u64, AmountError> {
    let is_json = serde_json::from_str::<&RawValue>(text).is_ok();
    if !is_json || !text.starts_with(|first: char| first == '-' || first.is_ascii_digit()) {
        return Err(AmountError::NotANumber);
    }
    if text.trim_ascii_end() != text {
        return Err(AmountError::NotANumber);
    }
    let unsigned = text.trim_start_matches('-');
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));

    // The value is 0.DIGITS * 10^point, with no zero at either end of DIGITS.
    let all = format!("{whole}{fraction}");
    let significant = all.trim_start_matches('0');
    let leading = all.len() - significant.len();
    let digits = significant.trim_end_matches('0');
    if digits.is_empty() {
        return Ok(0);
    }
    if text.starts_with('-') {
        return Err(AmountError::Negative);
    }
    let point = power(exponent) + whole.len() as i128 - leading as i128;
    if digits.len() as i128 - point > 2 {
        return Err(AmountError::TooFine);
    }
    // 10^13 has fourteen digits before its point.
    if point > 14 {
        return Err(AmountError::TooLarge);
    }
    let width = usize::try_from(point + 2).expect("two decimals at most, so 0 or more");
    let hundredths: u64 = format!("{digits:0<width$}").parse().expect("16 digits");
    if hundredths > 1_000_000_000_000_000 {
        return Err(AmountError::TooLarge);
    }
    Ok(hundredths)
}

/// An exponent, or one that is as far beyond every text's length.
fn power(exponent: &str) -> i128 {
    const FAR: i128 = 1 << 100;
    let beyond = if exponent.starts_with('-') { -FAR } else { FAR };
    exponent.parse().unwrap_or(beyond)
}
