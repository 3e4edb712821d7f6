//! What comes in goes out: bytes, keys, headers, time.

use kafka::testing::{Cluster, Raw, Sending};
use payment::{Provenance, Verdict, header};

use crate::support::bench::Bench;
use crate::support::payments::{BITCOIN, VISA, with};
use crate::support::ready;

fn provenance(record: &Raw) -> Provenance<'_> {
    let headers = record.headers.iter();
    let headers = headers.map(|(name, value)| (name.as_str(), value.as_deref()));
    Provenance::read(headers).expect("readable").expect("ours")
}

#[test]
fn records_of_the_replaced_system_are_accepted_and_go_on_byte_for_byte() {
    let bench = Bench::new(Cluster::any(), 3);
    let legit = [
        VISA.as_bytes().to_vec(),
        with(", ", " ,\n\t"),
        with("57", "57.0"),
        with("57", "57.10"),
        with("57", "5.7e1"),
        with("57", "57.000"),
        with("57", "-0"),
        with("57", "10000000000000"),
        with("MOM", "엄마"),
        with("VISA", "bitcoin"),
        with("{", r#"{"UNKNOWN": [1, {"AMOUNT": -1}], "#),
    ];
    bench.send(0, legit.iter().map(Vec::as_slice));
    bench.send(1, [BITCOIN.as_bytes()]);
    let detector = ready(bench.config());

    let records = bench.read(&bench.legit, legit.len());
    for (offset, payload) in (0..).zip(&legit) {
        let record = records
            .iter()
            .find(|record| provenance(record).source.offset == offset)
            .expect("every offset");
        assert_eq!(record.payload.as_ref(), Some(payload), "{record:?}");
        assert_eq!(record.key, None);
        assert_eq!(provenance(record).verdict, Some(Verdict::Legit));
    }
    let fraud = bench.read(&bench.fraud, 1).remove(0);
    assert_eq!(fraud.payload.as_deref(), Some(BITCOIN.as_bytes()));
    let provenance = provenance(&fraud);
    assert_eq!(
        provenance.source.to_string(),
        format!("{}/1/0", bench.payments)
    );
    assert_eq!(provenance.verdict, Some(Verdict::Fraud));
    assert_eq!(provenance.rules, Some("bitcoin"));
    assert_eq!(provenance.shadow, Some(""));
    assert_eq!(provenance.ruleset, Some(rules::RuleSet::default().id()));
    assert_eq!(bench.read(&bench.dead_letters, 0), []);
    detector.stop();
}

#[test]
fn keys_and_foreign_headers_travel_and_headers_with_our_prefix_are_replaced() {
    let bench = Bench::new(Cluster::any(), 1);
    let foreign: [(&str, Option<&[u8]>); 6] = [
        ("trace", Some(b"1")),
        ("trace", Some(b"2")),
        ("", Some(b"no name")),
        ("null", None),
        ("empty", Some(b"")),
        ("fs", Some(b"\xff\xfe not text")),
    ];
    let lies: [(&str, Option<&[u8]>); 4] = [
        (header::VERDICT, Some(b"legit")),
        (header::SOURCE, Some(b"elsewhere/9/9")),
        (header::REASON, Some(b"not_json")),
        ("fs-unheard-of", None),
    ];
    let headers = [&lies[..2], &foreign, &lies[2..]].concat();
    let sender = bench.cluster.sender();
    for key in [
        Some(&b"acct-000042"[..]),
        Some(b""),
        Some(b"\xff\x00"),
        None,
    ] {
        let sending = Sending {
            key,
            payload: Some(BITCOIN.as_bytes()),
            headers: &headers,
            ..Sending::default()
        };
        sender.send(&bench.payments, sending);
    }
    sender.flush();
    let detector = ready(bench.config());

    let records = bench.read(&bench.fraud, 4);
    let keys: Vec<_> = records.iter().map(|record| record.key.as_deref()).collect();
    assert_eq!(
        keys,
        [
            Some(&b"acct-000042"[..]),
            Some(b""),
            Some(b"\xff\x00"),
            None
        ]
    );
    for record in &records {
        let (ours, others): (Vec<_>, Vec<_>) = record
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_deref()))
            .partition(|(name, _)| name.starts_with(header::PREFIX));
        assert_eq!(others, foreign);
        let names: Vec<_> = ours.iter().map(|(name, _)| *name).collect();
        assert_eq!(
            names,
            [
                header::SOURCE,
                header::TOPIC_ID,
                header::TIME,
                header::VERDICT,
                header::RULES,
                header::SHADOW,
                header::RULESET,
                header::DECIDED
            ]
        );
        assert_eq!(provenance(record).verdict, Some(Verdict::Fraud));
    }
    detector.stop();
}

#[test]
fn the_event_time_is_the_records_own_time() {
    let bench = Bench::new(Cluster::any(), 1);
    let sender = bench.cluster.sender();
    let times = [1_643_346_187_123_i64, 1, 1_643_346_187_000];
    for time in times {
        let sending = Sending {
            payload: Some(VISA.as_bytes()),
            timestamp_ms: Some(time),
            ..Sending::default()
        };
        sender.send(&bench.payments, sending);
    }
    sender.flush();
    let detector = ready(bench.config());
    let records = bench.read(&bench.legit, times.len());
    let told: Vec<_> = records
        .iter()
        .map(|record| provenance(record).time.millis())
        .collect();
    assert_eq!(told, times);
    detector.stop();
}

#[test]
fn every_source_is_named_once_whatever_partition_it_came_from() {
    let bench = Bench::new(Cluster::any(), 4);
    for partition in 0..4 {
        bench.send(partition, std::iter::repeat_n(VISA.as_bytes(), 250));
    }
    let mut config = bench.config();
    config.workers = 2;
    config.commit_interval = std::time::Duration::from_millis(10);
    let detector = ready(config);
    let records = bench.read(&bench.legit, 1_000);
    let sources: std::collections::BTreeSet<_> = records
        .iter()
        .map(|record| {
            let source = provenance(record).source;
            (source.partition, source.offset)
        })
        .collect();
    assert_eq!(sources.len(), 1_000);
    detector.stop();
}
