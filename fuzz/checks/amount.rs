//! Money: whatever the digits, the parser and a schoolbook that moves the point by hand say the same.

use payment::Amount;

use super::by_hand;

/// Checks any bytes as an amount.
pub fn amount(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let read = text.parse::<Amount>();
    assert_eq!(read.map(Amount::hundredths), by_hand::hundredths(text));
    if let Ok(amount) = read {
        assert!(amount <= Amount::MAX);
        assert_eq!(amount.to_string().parse(), Ok(amount));
        assert_eq!(Amount::from_hundredths(amount.hundredths()), Some(amount));
    }
}
