//! Names of the record headers that carry what we know about a payment beside its untouched bytes.
//!
//! Whoever forwards a record strips every header that starts with [`PREFIX`] first, so that nobody
//! outside can put words in the detector's mouth; all other headers travel along.

/// What all our headers start with.
pub const PREFIX: &str = "fs-";

/// The payment's [`Source`](crate::Source): `topic/partition/offset`.
pub const SOURCE: &str = "fs-source";

/// Kafka's id of the source topic: a topic made anew under an old name starts again at offset 0.
pub const TOPIC_ID: &str = "fs-topic-id";

/// [`EventTime`](crate::EventTime), decimal milliseconds since the epoch.
pub const TIME: &str = "fs-time";

/// The [`Verdict`](crate::Verdict). Not on dead letters.
pub const VERDICT: &str = "fs-verdict";

/// Ids of the enforcing rules that hit, with commas between them.
pub const RULES: &str = "fs-rules";

/// Ids of the shadow rules that hit, with commas between them.
pub const SHADOW: &str = "fs-shadow";

/// The fingerprint of the rule set that decided.
pub const RULESET: &str = "fs-ruleset";

/// When it was decided, decimal milliseconds since the epoch by the detector's clock.
pub const DECIDED: &str = "fs-decided";

/// Dead letters only: the [`Reason`](crate::Reason)'s name.
pub const REASON: &str = "fs-reason";

/// Dead letters only: the refusal's detail.
pub const ERROR: &str = "fs-error";

/// Every header of ours.
pub const ALL: &[&str] = &[
    SOURCE, TOPIC_ID, TIME, VERDICT, RULES, SHADOW, RULESET, DECIDED, REASON, ERROR,
];
