//! What a row has to say of a payment beside its bytes.

use serde_json::Value;

/// The columns of a payment that happened at `event_time`, as [`crate::database::Stored`] has them; nothing for bytes that
/// are no payment.
pub fn columns(payload: &[u8], event_time: i64) -> Option<String> {
    let payment: Value = serde_json::from_slice(payload).ok()?;
    let text = |name: &str| payment.get(name).and_then(Value::as_str);
    let optional = |name| text(name).unwrap_or("-").to_owned();
    let (month, rest) = text("DATE")?.split_once('/')?;
    let (day, year) = rest.split_once('/')?;
    // Exact below 2^53, and no amount has so many hundredths.
    let amount = (payment.get("AMOUNT")?.as_f64()? * 100.0).round() as i64;
    Some(
        [
            optional("ID"),
            optional("ACCOUNT"),
            text("PAYMENTTYPE")?.to_owned(),
            amount.to_string(),
            optional("CURRENCY"),
            optional("COUNTRY"),
            text("WHO")?.to_owned(),
            format!("{year}-{month}-{day}"),
            text("TIME")?.to_owned(),
            event_time.to_string(),
        ]
        .join("|"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_read_off_the_bytes() {
        let full = r#"{"DATE":"01/28/2022","TIME":"14:03:07","PAYMENTTYPE":"VISA","AMOUNT":57.1,"WHO":"\uc5c4\ub9c8","ID":"7","ACCOUNT":"a","CURRENCY":"KRW","COUNTRY":"KR"}"#;
        assert_eq!(
            columns(full.as_bytes(), 12).as_deref(),
            Some("7|a|VISA|5710|KRW|KR|엄마|2022-01-28|14:03:07|12")
        );
        let old = br#"{"DATE":"01/28/2022","TIME":"14:03:07","PAYMENTTYPE":"VISA","AMOUNT":57,"WHO":"MOM"}"#;
        assert_eq!(
            columns(old, 12).as_deref(),
            Some("-|-|VISA|5700|-|-|MOM|2022-01-28|14:03:07|12")
        );
        assert_eq!(columns(b"[]", 12), None);
    }
}
