//! Alerts in the log: a few lines a second, and then a count.

use std::time::Instant;

use store::PaymentRow;
use tracing::info;

use crate::quota::Quota;

/// Says alerts, without shouting.
#[derive(Debug, Default)]
pub struct Voice(Quota);

impl Voice {
    /// Says or counts an alert that was stored.
    pub fn alert(&mut self, row: &PaymentRow) {
        let Some(unsaid) = self.0.take(Instant::now()) else {
            return;
        };
        if unsaid > 0 {
            info!(
                alerts = unsaid,
                "more alerts than lines; all of them stand in the table alerts"
            );
        }
        info!(source = %row.key, rules = row.rules, amount_hundredths = row.amount_hundredths, "alert: a human must see this payment");
    }
}
