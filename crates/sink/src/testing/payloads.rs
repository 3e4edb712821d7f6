//! Payloads.

/// What the replaced producer writes, byte for byte: Python escapes every Korean name.
pub const BITCOIN: &str = r#"{"DATE": "01/28/2022", "TIME": "14:03:07", "PAYMENTTYPE": "BITCOIN", "AMOUNT": 57, "WHO": "\uc5c4\ub9c8"}"#;

/// The same, paid by card.
pub const VISA: &str = r#"{"DATE": "01/28/2022", "TIME": "14:03:07", "PAYMENTTYPE": "VISA", "AMOUNT": 57, "WHO": "MOM"}"#;

/// A payment of our own producer: every field is there, and one that nobody knows.
pub const FULL: &str = r#"{"DATE":"12/31/2024","TIME":"23:59:59","PAYMENTTYPE":"MASTERCARD","AMOUNT":1234.56,"WHO":"친구 🍜 \"'\\","ID":"0190b5a2-7c1e-7d3a-8f00-5c0ffee00001","ACCOUNT":"KR-000042","CURRENCY":"KRW","COUNTRY":"KR","NOTE":[1,{"AMOUNT":-1}]}"#;

/// [`VISA`] with one piece of its text replaced.
pub fn with(from: &str, to: &str) -> Vec<u8> {
    assert!(VISA.contains(from), "{from}");
    VISA.replace(from, to).into_bytes()
}

/// A payment of so many bytes, blown up by a field that nobody reads.
pub fn of_bytes(bytes: usize) -> Vec<u8> {
    let mut payload = with("}", r#", "NOTE": ""#);
    payload.resize(bytes - 2, b'x');
    payload.extend_from_slice(br#""}"#);
    payload
}
