//! Money: whole hundredths of the major unit, read from the digits of a JSON number.
//!
//! Floating point has no place here: `0.1 + 0.2` is not `0.3` there, and above 2^53 hundredths it skips
//! values. Reading costs one walk over the text, whatever its exponent says: `1e999999999` is refused by
//! counting, not by computing.

use std::fmt;
use std::str::FromStr;

/// Digits that any accepted amount in hundredths fits in: the limit, 10^15, has sixteen.
const MOST_DIGITS: i64 = 16;

/// An amount of money in hundredths of the major unit, 0 to 10^15.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(u64);

/// Why a text is not an [`Amount`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// The text does not follow JSON's grammar of numbers.
    #[error("not a number")]
    NotANumber,
    /// Less than zero; `-0` is zero.
    #[error("below 0")]
    Negative,
    /// More than two decimals that are not zeros at the end.
    #[error("more than 2 decimals")]
    TooFine,
    /// More than 10^13 major units.
    #[error("above 10^13")]
    TooLarge,
}

impl Amount {
    /// The largest amount that the wire knows: 10^13 major units.
    pub const MAX: Amount = Amount(1_000_000_000_000_000);

    /// An amount of so many hundredths; none above [`Amount::MAX`].
    #[must_use]
    pub const fn from_hundredths(hundredths: u64) -> Option<Amount> {
        if hundredths <= Amount::MAX.0 {
            Some(Amount(hundredths))
        } else {
            None
        }
    }

    /// How many hundredths of the major unit this is.
    #[must_use]
    pub const fn hundredths(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Amount {
    /// Plain decimal: `57` for whole units, else two decimals, `57.10`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (units, hundredths) = (self.0 / 100, self.0 % 100);
        if hundredths == 0 {
            write!(f, "{units}")
        } else {
            write!(f, "{units}.{hundredths:02}")
        }
    }
}

impl FromStr for Amount {
    type Err = AmountError;

    /// Reads JSON's number grammar: `57`, `57.0`, `57.10` and `5.7e1` are all exact.
    fn from_str(text: &str) -> Result<Amount, AmountError> {
        let number = Number::split(text.as_bytes()).ok_or(AmountError::NotANumber)?;
        number.hundredths().map(Amount)
    }
}

/// A JSON number, cut into its parts: `[-]whole[.fraction][e exponent]`.
struct Number<'a> {
    negative: bool,
    whole: &'a [u8],
    fraction: &'a [u8],
    /// Saturates, far beyond any count of digits that memory can hold.
    exponent: i64,
}

impl<'a> Number<'a> {
    fn split(text: &'a [u8]) -> Option<Number<'a>> {
        let (negative, rest) = match text {
            [b'-', rest @ ..] => (true, rest),
            rest => (false, rest),
        };
        let (whole, rest) = take_digits(rest)?;
        if whole.len() > 1 && whole[0] == b'0' {
            return None;
        }
        let (fraction, rest) = match rest {
            [b'.', rest @ ..] => take_digits(rest)?,
            rest => (&[][..], rest),
        };
        let exponent = match rest {
            [] => 0,
            [b'e' | b'E', b'-', rest @ ..] => -whole_exponent(rest)?,
            [b'e' | b'E', b'+', rest @ ..] | [b'e' | b'E', rest @ ..] => whole_exponent(rest)?,
            _ => return None,
        };
        Some(Number {
            negative,
            whole,
            fraction,
            exponent,
        })
    }

    /// Shifts the decimal point by counting: with zeros at both ends set aside, the value in hundredths is
    /// `digits * 10^zeros`, which is whole only if `zeros` is not negative.
    fn hundredths(&self) -> Result<u64, AmountError> {
        let mut value = 0u64;
        let mut digits = 0i64;
        let mut zeros = 0i64;
        for &digit in self.whole.iter().chain(self.fraction) {
            if digit == b'0' {
                zeros += 1;
                continue;
            }
            if value == 0 {
                zeros = 0;
            }
            digits += zeros + 1;
            if digits <= MOST_DIGITS {
                for _ in 0..zeros {
                    value *= 10;
                }
                value = value * 10 + u64::from(digit - b'0');
            }
            zeros = 0;
        }
        if value == 0 {
            return Ok(0);
        }
        if self.negative {
            return Err(AmountError::Negative);
        }
        let zeros = zeros
            .saturating_add(self.exponent)
            .saturating_add(2 - self.fraction.len() as i64);
        if zeros < 0 {
            return Err(AmountError::TooFine);
        }
        if digits.saturating_add(zeros) > MOST_DIGITS {
            return Err(AmountError::TooLarge);
        }
        for _ in 0..zeros {
            value *= 10;
        }
        if value > Amount::MAX.0 {
            Err(AmountError::TooLarge)
        } else {
            Ok(value)
        }
    }
}

/// One digit or more, and what follows them.
fn take_digits(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text
        .iter()
        .position(|byte| !byte.is_ascii_digit())
        .unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

fn whole_exponent(text: &[u8]) -> Option<i64> {
    let (digits, rest) = take_digits(text)?;
    rest.is_empty().then(|| {
        digits.iter().fold(0i64, |sum, digit| {
            sum.saturating_mul(10)
                .saturating_add(i64::from(digit - b'0'))
        })
    })
}

#[cfg(test)]
mod tests;
