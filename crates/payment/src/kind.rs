//! Closed classes of the two open texts, for metrics, routing and rules.
//!
//! PAYMENTTYPE and WHO may say anything; a metric's label may not.

/// The payment types that somebody processes; anything else is legal and *unprocessable*.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PaymentType {
    /// `VISA`
    Visa,
    /// `MASTERCARD`
    Mastercard,
    /// `BITCOIN`
    Bitcoin,
    /// Any other text, `visa` in small letters too: the wire's names are exact.
    Other,
}

/// Who gets the money, as the old producer named them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Recipient {
    /// `ME`
    Me,
    /// `MOM`
    Mom,
    /// `DAD`
    Dad,
    /// `FRIEND`
    Friend,
    /// `STRANGER`
    Stranger,
    /// Any other text.
    Other,
}

impl PaymentType {
    /// Every class, for counters that exist from the start.
    pub const ALL: &[PaymentType] = &[
        PaymentType::Visa,
        PaymentType::Mastercard,
        PaymentType::Bitcoin,
        PaymentType::Other,
    ];

    /// The class as a metric's label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            PaymentType::Visa => "visa",
            PaymentType::Mastercard => "mastercard",
            PaymentType::Bitcoin => "bitcoin",
            PaymentType::Other => "other",
        }
    }
}

impl From<&str> for PaymentType {
    /// Compares exactly.
    fn from(text: &str) -> PaymentType {
        match text {
            "VISA" => PaymentType::Visa,
            "MASTERCARD" => PaymentType::Mastercard,
            "BITCOIN" => PaymentType::Bitcoin,
            _ => PaymentType::Other,
        }
    }
}

impl Recipient {
    /// Every class, for counters that exist from the start.
    pub const ALL: &[Recipient] = &[
        Recipient::Me,
        Recipient::Mom,
        Recipient::Dad,
        Recipient::Friend,
        Recipient::Stranger,
        Recipient::Other,
    ];

    /// The class as a metric's label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Recipient::Me => "me",
            Recipient::Mom => "mom",
            Recipient::Dad => "dad",
            Recipient::Friend => "friend",
            Recipient::Stranger => "stranger",
            Recipient::Other => "other",
        }
    }
}

impl From<&str> for Recipient {
    /// Compares without regard to case: the replaced system looked for `stranger`, was sent `STRANGER`, and
    /// so never raised an alert.
    fn from(text: &str) -> Recipient {
        Recipient::ALL
            .iter()
            .copied()
            .find(|recipient| {
                *recipient != Recipient::Other && text.eq_ignore_ascii_case(recipient.as_str())
            })
            .unwrap_or(Recipient::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payment_types_compare_exactly() {
        for (text, expected) in [
            ("VISA", PaymentType::Visa),
            ("MASTERCARD", PaymentType::Mastercard),
            ("BITCOIN", PaymentType::Bitcoin),
            ("visa", PaymentType::Other),
            ("BITCOIN ", PaymentType::Other),
            ("", PaymentType::Other),
        ] {
            assert_eq!(PaymentType::from(text), expected, "{text}");
        }
    }

    #[test]
    fn recipients_compare_in_any_case() {
        for (text, expected) in [
            ("STRANGER", Recipient::Stranger),
            ("stranger", Recipient::Stranger),
            ("StRaNgEr", Recipient::Stranger),
            ("ME", Recipient::Me),
            ("Mom", Recipient::Mom),
            ("DAD", Recipient::Dad),
            ("FRIEND", Recipient::Friend),
            ("OTHER", Recipient::Other),
            ("엄마", Recipient::Other),
            ("", Recipient::Other),
        ] {
            assert_eq!(Recipient::from(text), expected, "{text}");
        }
    }
}
