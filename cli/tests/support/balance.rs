//! What the audit says of a pipeline.

use fraudstream::audit::books::{Finding, Totals, What};
use fraudstream::audit::{AuditError, Balance, audit};
use tokio_util::sync::CancellationToken;

use crate::support::pipeline::Pipeline;

impl Pipeline {
    pub async fn try_audit(&self) -> Result<Balance, AuditError> {
        audit(self.config.clone(), 20, CancellationToken::new()).await
    }

    pub async fn audit(&self) -> Balance {
        let balance = self.try_audit().await.unwrap();
        let Totals {
            produced,
            fraud,
            legit,
            dead_lettered,
            in_flight,
            missing,
            ..
        } = balance.totals;
        assert_eq!(
            produced,
            fraud + legit + dead_lettered + in_flight + missing
        );
        balance
    }

    /// Fraud, legit, dead-lettered, in flight; and nothing is wrong.
    pub async fn assert_even(&self, expected: [u64; 4]) -> Totals {
        let balance = self.audit().await;
        assert_eq!(balance.findings, []);
        let Totals {
            fraud,
            legit,
            dead_lettered,
            in_flight,
            ..
        } = balance.totals;
        assert_eq!(
            [fraud, legit, dead_lettered, in_flight],
            expected,
            "fraud, legit, dead-lettered, in flight"
        );
        balance.totals
    }

    /// This alone is wrong, with these payments named.
    pub async fn assert_uneven(&self, what: What, numbers: &[i64]) -> Totals {
        let balance = self.audit().await;
        let [finding] = balance.findings.as_slice() else {
            panic!("one finding: {:?}", balance.findings);
        };
        let Finding {
            what: found,
            count,
            examples,
        } = finding;
        assert_eq!(
            (*found, *count),
            (what, numbers.len() as u64),
            "{examples:?}"
        );
        for number in numbers {
            let name = format!("{}:", self.named(*number));
            assert!(
                examples.iter().any(|example| example.starts_with(&name)),
                "{name} in {examples:?}"
            );
        }
        balance.totals
    }
}
