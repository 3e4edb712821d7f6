//! The lines of `/metrics`.

use payment::Reason;
use service::testing::Observed as _;
use sink::testing::{BITCOIN, Output, VISA, with};

use crate::support::{Processor, bench, config, ready};

const STATES: [&str; 3] = ["visa", "mastercard", "unprocessable"];

fn stored(state: &str) -> String {
    format!("payments_stored_total{{state=\"{state}\",table=\"legit_payments\"}}")
}

fn dead_letters(reason: &str) -> String {
    format!("dead_letters_total{{reason=\"{reason}\"}}")
}

/// That these lines come to these values.
fn check(processor: &Processor, lines: &[(&str, f64)]) {
    for (line, value) in lines {
        processor.wait_for_metric(line, |found| found == *value);
    }
}

#[test]
fn every_closed_label_is_there_at_0_before_the_first_record() {
    let bench = bench(1);
    let processor = ready(config(&bench));
    for state in STATES {
        assert_eq!(processor.metric(&stored(state)), 0.0, "{state}");
    }
    let reasons = Reason::ALL.iter().map(|reason| reason.as_str());
    for reason in reasons.chain(["bad_headers", "unstorable"]) {
        assert_eq!(processor.metric(&dead_letters(reason)), 0.0, "{reason}");
    }
    for line in [
        "duplicates_total",
        "database_retries_total",
        "batches_fenced_total",
        "stored_latency_seconds_count",
        "rebalances_total{kind=\"revoked\"}",
        "rebalances_total{kind=\"lost\"}",
    ] {
        assert_eq!(processor.metric(line), 0.0, "{line}");
    }
    assert_eq!(processor.metric("rebalances_total{kind=\"assigned\"}"), 1.0);
    let metrics = processor.metrics();
    assert!(!metrics.contains("state=\"alert\""), "{metrics}");
    processor.stop();
}

#[test]
fn what_was_stored_is_counted_once_it_is_committed() {
    let bench = bench(1);
    let outputs = [
        Output::decided((0, 0), "", VISA),
        Output::decided((0, 1), "", VISA),
        Output::decided((0, 1), "", VISA),
        Output::foreign(with("VISA", "MASTERCARD")),
        Output::foreign(BITCOIN),
        Output::foreign(with("VISA", "PAYPAL")),
        Output::foreign("?"),
        Output::decided((0, 2), "", VISA).header("fs-source", "?"),
    ];
    bench.send(0, &outputs);
    let processor = ready(config(&bench));
    bench.payments(5);
    bench.dead_letters(2);
    check(
        &processor,
        &[
            (&stored("visa"), 2.0),
            (&stored("mastercard"), 1.0),
            (&stored("unprocessable"), 2.0),
            ("duplicates_total", 1.0),
            (&dead_letters("not_json"), 1.0),
            (&dead_letters("bad_headers"), 1.0),
            (&dead_letters("tombstone"), 0.0),
            ("stored_latency_seconds_count", 5.0),
            ("batches_fenced_total", 0.0),
            ("database_retries_total", 0.0),
        ],
    );
    assert!(processor.metric("consumer_lag_seconds") >= 0.0);
    // Those two of ours happened years ago, the others when they were sent.
    let slow = processor.metric("stored_latency_seconds_bucket{le=\"300\"}");
    assert_eq!(slow, 3.0);
    // librdkafka tells every 5 s.
    let topic = &bench.topic;
    let lag = format!("consumer_lag_records{{partition=\"0\",topic=\"{topic}\"}}");
    processor.wait_for_metric(&lag, |lag| lag == 0.0);
    processor.stop();
}
