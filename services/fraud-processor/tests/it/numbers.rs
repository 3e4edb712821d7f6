//! The lines of `/metrics` that are this processor's own.

use service::testing::Observed as _;
use sink::testing::{Output, VISA, with};

use crate::support::{bench, ready};

fn stored(state: &str) -> String {
    format!("payments_stored_total{{state=\"{state}\",table=\"fraud_payments\"}}")
}

#[test]
fn states_and_alerts_are_counted_once_they_are_committed() {
    let bench = bench(1);
    let processor = ready(&bench);
    for state in ["raised", "delivered", "failed", "retried"] {
        let line = format!("alerts_total{{state=\"{state}\"}}");
        assert_eq!(processor.metric(&line), 0.0, "{state}");
    }
    for state in ["alert", "processing"] {
        assert_eq!(processor.metric(&stored(state)), 0.0, "{state}");
    }
    assert!(!processor.metrics().contains("state=\"visa\""));

    let alert = |number| Output::decided((0, number), "bitcoin,stranger-bitcoin", VISA);
    bench.send(
        0,
        [
            &alert(0),
            &alert(1),
            &alert(1),
            &Output::decided((0, 2), "bitcoin", VISA),
            &Output::foreign(with("MOM", "Stranger")),
            &Output::foreign("?"),
        ],
    );
    for (line, value) in [
        (&*stored("alert"), 3.0),
        (&stored("processing"), 1.0),
        ("alerts_total{state=\"raised\"}", 3.0),
        ("alerts_total{state=\"delivered\"}", 0.0),
        ("duplicates_total", 1.0),
        ("dead_letters_total{reason=\"not_json\"}", 1.0),
        ("stored_latency_seconds_count", 4.0),
    ] {
        processor.wait_for_metric(line, |found| found == value);
    }
    bench.alerts(3);
    processor.stop();
}
