//! Records of the largest size, and of more.

use kafka::testing::{Cluster, Refused, Sending};
use payment::header;
use service::testing::Observed as _;

use crate::support::bench::Bench;
use crate::support::payments::{VISA, of_bytes};
use crate::support::{ready, start};

/// What fits into a batch of one record without a key or headers, with the brokers' own `max.message.bytes` of 1,048,588: 61 bytes go
/// to the batch, 11 to the record.
const LARGEST: usize = 1_048_588 - 61 - 11;

#[test]
fn the_largest_record_that_payments_takes_goes_on_with_its_headers() {
    let bench = Bench::new(Cluster::any(), 1);
    if !bench.cluster.config().embedded {
        let sender = bench.cluster.sender();
        let larger = of_bytes(LARGEST + 1);
        let sending = Sending {
            payload: Some(&larger),
            ..Sending::default()
        };
        sender.send(&bench.payments, sending);
        assert_eq!(sender.try_flush(), Err(Refused), "a larger one is possible");
    }
    let (good, bad) = (of_bytes(LARGEST), vec![b'x'; LARGEST]);
    bench.send(0, [&good[..], &bad, VISA.as_bytes()]);
    let detector = ready(bench.config());

    let payments = bench.read(&bench.legit, 2);
    assert!(
        payments[0].payload.as_ref() == Some(&good),
        "{:?}",
        payments[0]
    );
    assert_eq!(payments[0].header(header::VERDICT), Some("legit"));
    assert_eq!(payments[1].payload.as_deref(), Some(VISA.as_bytes()));
    let letter = bench.read(&bench.dead_letters, 1).remove(0);
    assert!(letter.payload.as_ref() == Some(&bad), "{letter:?}");
    assert_eq!(letter.header(header::REASON), Some("not_json"));
    assert!(detector.readiness().contains("kafka: ok"));
    assert_eq!(
        detector.metric("transactions_total{outcome=\"recreated\"}"),
        0.0
    );
    assert_eq!(
        detector.metric("transactions_total{outcome=\"aborted\"}"),
        0.0
    );
    detector.stop();
}

#[test]
fn a_record_that_no_output_takes_halts_its_partition_with_a_sentence_and_the_others_go_on() {
    let roomy = [("max.message.bytes", "2000000")];
    let bench = Bench::with_payments(Cluster::any(), 2, &roomy);
    let large = of_bytes(1_200_000);
    bench.send(0, [VISA.as_bytes(), &large, VISA.as_bytes()]);
    bench.send(1, [VISA.as_bytes()]);
    let detector = start(bench.config());
    let readiness = detector.wait_for("partition 0");
    assert!(readiness.contains("is halted at offset 1"), "{readiness}");
    assert!(readiness.contains("max.message.bytes"), "{readiness}");
    bench.send(1, [VISA.as_bytes()]);
    bench.read(&bench.legit, 3);
    assert_eq!(
        detector.metric(&format!(
            "partition_halted{{partition=\"0\",topic=\"{}\"}}",
            bench.payments
        )),
        1.0
    );
    detector.stop();
    assert_eq!((bench.position(0), bench.position(1) > 1), (1, true));
}
