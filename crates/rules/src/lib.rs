//! How a payment is judged: rules, the sets they form, and the decision they come to.
//!
//! Pure and deterministic: a decision is a function of the payment and the rule set, so a replay of the log
//! decides the same again. No clock, no randomness, no metrics, no Kafka.
//!
//! ```
//! # fn main() -> Result<(), payment::Refusal> {
//! let rules = rules::RuleSet::default();
//! let payment = payment::Payment::try_from(
//!     &br#"{"DATE":"01/28/2022","TIME":"14:03:07","PAYMENTTYPE":"BITCOIN","AMOUNT":57,"WHO":"stranger"}"#[..],
//! )?;
//! let decision = rules.assess(&payment);
//! assert_eq!(decision.verdict, payment::Verdict::Fraud);
//! assert!(rules.alerts(decision.enforced()));
//! # Ok(())
//! # }
//! ```

mod condition;
mod decision;
mod rule;
mod rule_set;

pub use condition::alerts_recipient;
pub use decision::{Decision, Hit};
pub use rule::{Mode, Rule};
pub use rule_set::RuleSet;
