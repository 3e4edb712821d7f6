//! Payloads.

/// What the replaced producer writes, byte for byte: Python escapes every Korean name.
pub const BITCOIN: &str = r#"{"DATE": "01/28/2022", "TIME": "14:03:07", "PAYMENTTYPE": "BITCOIN", "AMOUNT": 57, "WHO": "\uc5c4\ub9c8"}"#;

/// The same, paid by card.
pub const VISA: &str = r#"{"DATE": "01/28/2022", "TIME": "14:03:07", "PAYMENTTYPE": "VISA", "AMOUNT": 57, "WHO": "MOM"}"#;

/// A payment of so many bytes, blown up by a field that nobody reads.
pub fn of_bytes(bytes: usize) -> Vec<u8> {
    let head = VISA.trim_end_matches('}').to_owned() + r#", "NOTE": ""#;
    let mut payload = head.into_bytes();
    payload.resize(bytes - 2, b'x');
    payload.extend_from_slice(br#""}"#);
    payload
}

/// [`VISA`] with one piece of its text replaced.
pub fn with(from: &str, to: &str) -> Vec<u8> {
    assert!(VISA.contains(from), "{from}");
    VISA.replace(from, to).into_bytes()
}

/// A payment with a number of its own.
pub fn numbered(number: usize) -> Vec<u8> {
    let payment = r#"{"DATE": "01/28/2022", "TIME": "14:03:07", "PAYMENTTYPE": "VISA", "AMOUNT": 57, "WHO": "MOM", "ID": ""#;
    format!("{payment}{number}\"}}").into_bytes()
}
