//! What we send: payments that say which they are, the same each time for the same number.

/// The header that carries a record's number; headers of others go along to the outputs.
pub const NUMBER: &str = "chaos-number";

/// How many accounts pay.
const ACCOUNTS: u64 = 2_000;

/// A payment before it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// The record's key, and in the payment.
    pub account: String,
    /// The bytes.
    pub json: String,
}

impl Payment {
    /// The payment of a number. `shift` moves its date and time by so many hours, up to twelve.
    pub fn new(number: u64, shift_hours: i64) -> Self {
        const TYPES: [&str; 6] = [
            "VISA",
            "BITCOIN",
            "MASTERCARD",
            "VISA",
            "PAYPAL",
            "MASTERCARD",
        ];
        // Python's way to write a Korean name is among them.
        const RECIPIENTS: [&str; 6] = [
            "MOM",
            r"\uc5c4\ub9c8",
            "STRANGER",
            "FRIEND",
            "Stranger",
            "ME",
        ];
        let pick = |from: &[&'static str; 6], salt: u64| from[(mix(number ^ salt) % 6) as usize];
        let (payment_type, who) = (pick(&TYPES, 1), pick(&RECIPIENTS, 2));
        let account = format!("acct-{:06}", mix(number ^ 3) % ACCOUNTS);
        let amount = mix(number ^ 4) % 1_000_000;
        let (units, hundredths) = (amount / 100, amount % 100);
        let seconds = 12 * 3600 + (number % 3600) as i64 + shift_hours * 3600;
        let day = 2 + (number % 26) as i64 + seconds.div_euclid(86_400);
        let seconds = seconds.rem_euclid(86_400);
        let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        let json = format!(
            "{{\"DATE\": \"02/{day:02}/2022\", \"TIME\": \"{hours:02}:{minutes:02}:{seconds:02}\", \
             \"PAYMENTTYPE\": \"{payment_type}\", \"AMOUNT\": {units}.{hundredths:02}, \"WHO\": \"{who}\", \
             \"ID\": \"chaos-{number}\", \"ACCOUNT\": \"{account}\", \"CURRENCY\": \"KRW\", \"COUNTRY\": \"KR\"}}"
        );
        Self { account, json }
    }
}

/// Spreads numbers that follow each other (the finalizer of SplitMix64).
fn mix(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn a_payment_is_json_that_names_its_account() {
        for number in 0..1_000 {
            let payment = Payment::new(number, number as i64 % 25 - 12);
            let json: Value = serde_json::from_str(&payment.json).expect("JSON");
            assert_eq!(json["ACCOUNT"], payment.account.as_str());
        }
    }

    #[test]
    fn every_type_and_recipient_occurs() {
        let all: String = (0..100)
            .map(|number| Payment::new(number, 0).json)
            .collect();
        for word in [
            "VISA",
            "MASTERCARD",
            "BITCOIN",
            "PAYPAL",
            "STRANGER",
            r"\uc5c4",
        ] {
            assert!(all.contains(word), "{word}");
        }
    }
}
