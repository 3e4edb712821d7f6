//! The lines of `/metrics`.

use kafka::testing::Cluster;
use payment::{PaymentType, Reason, Recipient, Verdict};
use service::testing::Observed as _;

use crate::support::bench::Bench;
use crate::support::payments::{BITCOIN, VISA, with};
use crate::support::ready;

#[test]
fn every_closed_label_is_there_at_0_before_the_first_record() {
    let bench = Bench::new(Cluster::any(), 1);
    let detector = ready(bench.config());
    for verdict in Verdict::ALL {
        let verdict = verdict.as_str();
        assert_eq!(
            detector.metric(&format!("decisions_total{{verdict=\"{verdict}\"}}")),
            0.0
        );
        assert_eq!(
            detector.metric(&format!("decided_amount_total{{verdict=\"{verdict}\"}}")),
            0.0
        );
    }
    for kind in PaymentType::ALL {
        for recipient in Recipient::ALL {
            let (kind, recipient) = (kind.as_str(), recipient.as_str());
            let line = format!("payments_total{{recipient=\"{recipient}\",type=\"{kind}\"}}");
            assert_eq!(detector.metric(&line), 0.0);
        }
    }
    for reason in Reason::ALL {
        let reason = reason.as_str();
        assert_eq!(
            detector.metric(&format!("dead_letters_total{{reason=\"{reason}\"}}")),
            0.0
        );
    }
    for rule in ["bitcoin", "stranger-bitcoin"] {
        let line = format!("rule_hits_total{{mode=\"enforce\",rule=\"{rule}\"}}");
        assert_eq!(detector.metric(&line), 0.0);
    }
    for outcome in ["committed", "aborted", "recreated"] {
        assert_eq!(
            detector.metric(&format!("transactions_total{{outcome=\"{outcome}\"}}")),
            0.0
        );
    }
    for kind in ["revoked", "lost"] {
        assert_eq!(
            detector.metric(&format!("rebalances_total{{kind=\"{kind}\"}}")),
            0.0
        );
    }
    assert_eq!(detector.metric("rebalances_total{kind=\"assigned\"}"), 1.0);
    assert_eq!(detector.metric("decision_seconds_count"), 0.0);
    detector.stop();
}

#[test]
fn what_was_decided_is_counted_once_it_is_committed() {
    let bench = Bench::new(Cluster::any(), 1);
    let stranger = BITCOIN.replace(r"\uc5c4\ub9c8", "Stranger").into_bytes();
    let master = with("VISA", "MASTERCARD");
    let odd = with("57", "0.25");
    bench.send(
        0,
        [
            BITCOIN.as_bytes(),
            &stranger,
            VISA.as_bytes(),
            &master,
            &odd,
            b"?",
        ],
    );
    let detector = ready(bench.config());
    bench.read(&bench.legit, 3);
    for (line, value) in [
        ("decisions_total{verdict=\"fraud\"}", 2.0),
        ("decisions_total{verdict=\"legit\"}", 3.0),
        ("decided_amount_total{verdict=\"fraud\"}", 114.0),
        ("decided_amount_total{verdict=\"legit\"}", 114.25),
        (
            "payments_total{recipient=\"stranger\",type=\"bitcoin\"}",
            1.0,
        ),
        ("payments_total{recipient=\"other\",type=\"bitcoin\"}", 1.0),
        ("payments_total{recipient=\"mom\",type=\"visa\"}", 2.0),
        ("payments_total{recipient=\"mom\",type=\"mastercard\"}", 1.0),
        ("rule_hits_total{mode=\"enforce\",rule=\"bitcoin\"}", 2.0),
        (
            "rule_hits_total{mode=\"enforce\",rule=\"stranger-bitcoin\"}",
            1.0,
        ),
        ("dead_letters_total{reason=\"not_json\"}", 1.0),
        ("decision_seconds_count", 5.0),
    ] {
        detector.wait_for_metric(line, |found| found == value);
    }
    assert!(detector.metric("transactions_total{outcome=\"committed\"}") >= 1.0);
    assert!(detector.metric("commit_seconds_count") >= 1.0);
    assert!(detector.metric("consumer_lag_seconds") >= 0.0);
    // librdkafka tells every 5 s.
    let lag = format!(
        "consumer_lag_records{{partition=\"0\",topic=\"{}\"}}",
        bench.payments
    );
    detector.wait_for_metric(&lag, |records| records == 0.0);
    detector.stop();
}
