//! Outputs that take no more than `payments` does: topics of the replaced system are used as they are.

use kafka::testing::{Cluster, Sending};
use kafka::{Role, Topic};
use service::testing::Observed as _;

use crate::support::bench::Bench;
use crate::support::payments::of_bytes;
use crate::support::start;

#[test]
fn a_record_that_outgrows_its_output_by_any_number_of_bytes_halts_and_never_loops() {
    let bench = Bench::new(Cluster::real(), 1);
    let narrow = bench
        .cluster
        .topic_with("narrow", 1, &[("max.message.bytes", "20000")]);
    let mut config = bench.config();
    config.legit = Topic {
        name: narrow.clone(),
        role: Role::Legit,
    };
    // From well below the limit, headers and all, to well above it: one byte more each.
    let sizes: Vec<usize> = (19_400..20_000).collect();
    let sender = bench.cluster.sender();
    for size in &sizes {
        let payload = of_bytes(*size);
        let sending = Sending {
            payload: Some(&payload),
            ..Sending::default()
        };
        sender.send(&bench.payments, sending);
    }
    sender.flush();
    let detector = start(config);
    let readiness = detector.wait_for("kafka: failed, partition 0");
    assert!(
        readiness.contains("larger than topic") && readiness.contains("max.message.bytes"),
        "{readiness}"
    );
    detector.wait_for_metric("transactions_total{outcome=\"committed\"}", |count| {
        count > 0.0
    });
    assert_eq!(
        detector.metric("transactions_total{outcome=\"aborted\"}"),
        0.0
    );
    assert_eq!(
        detector.metric("transactions_total{outcome=\"recreated\"}"),
        0.0
    );
    detector.stop();
    let halted = usize::try_from(bench.position(0)).expect("a position");
    assert!(halted > 0 && halted < sizes.len(), "{halted}");
    let output = bench.read(&narrow, halted);
    assert!(output.iter().zip(&sizes).all(|(record, size)| {
        record
            .payload
            .as_ref()
            .is_some_and(|payload| payload.len() == *size)
    }));
}
