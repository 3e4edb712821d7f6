//! Headers as the detector writes them, and as nobody should.

use super::*;

const WHOLE: [(&str, &str); 8] = [
    ("fs-source", "payments/3/42"),
    ("fs-topic-id", "bXktdG9waWMtaWQtMTIzNA"),
    ("fs-time", "1643346187000"),
    ("fs-verdict", "fraud"),
    ("fs-rules", "bitcoin,stranger-bitcoin"),
    ("fs-shadow", ""),
    ("fs-ruleset", "0123456789abcdef"),
    ("fs-decided", "1643346187123"),
];

fn read<'a>(headers: &[(&'a str, &'a str)]) -> Result<Option<Provenance<'a>>, BrokenHeader> {
    Provenance::read(
        headers
            .iter()
            .map(|(name, value)| (*name, Some(value.as_bytes()))),
    )
}

/// The whole set with one header's value put in place of the right one.
fn with<'a>(name: &str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    WHOLE
        .iter()
        .map(|&(known, right)| (known, if known == name { value } else { right }))
        .collect()
}

#[test]
fn what_the_detector_wrote_reads_back() {
    let provenance = read(&WHOLE).expect("readable").expect("ours");
    assert_eq!(
        provenance.source,
        Source {
            topic: "payments".into(),
            partition: 3,
            offset: 42
        }
    );
    assert_eq!(provenance.topic_id, "bXktdG9waWMtaWQtMTIzNA");
    assert_eq!(provenance.time, EventTime::from_millis(1_643_346_187_000));
    assert_eq!(provenance.decided_ms, 1_643_346_187_123);
    assert_eq!(provenance.verdict, Some(Verdict::Fraud));
    assert_eq!(
        provenance.rule_ids().expect("there").collect::<Vec<_>>(),
        ["bitcoin", "stranger-bitcoin"]
    );
    assert_eq!(provenance.shadow, Some(""));
    assert_eq!(provenance.ruleset, Some("0123456789abcdef"));
}

#[test]
fn a_record_without_any_header_of_ours_is_foreign() {
    assert_eq!(read(&[]), Ok(None));
    assert_eq!(
        read(&[
            ("traceparent", "00-ab-cd-01"),
            ("FS-SOURCE", "payments/0/1")
        ]),
        Ok(None)
    );
    assert_eq!(Provenance::read([("empty", None)]), Ok(None));
}

#[test]
fn foreign_headers_between_ours_do_no_harm() {
    let mut headers = WHOLE.to_vec();
    headers.insert(2, ("traceparent", "\u{7f}"));
    headers.push(("traceparent", "twice"));
    headers.push(("fs-of-the-future", "?"));
    assert_eq!(read(&headers), read(&WHOLE));
}

#[test]
fn no_rule_ids_and_no_such_header_are_two_things() {
    let none = read(&with("fs-rules", ""))
        .expect("readable")
        .expect("ours");
    assert_eq!(none.rule_ids().map(Iterator::count), Some(0));
    let absent: Vec<_> = WHOLE
        .into_iter()
        .filter(|(name, _)| *name != "fs-rules")
        .collect();
    assert!(
        read(&absent)
            .expect("readable")
            .expect("ours")
            .rule_ids()
            .is_none()
    );
}

#[test]
fn a_missing_header_is_named() {
    for name in ["fs-source", "fs-topic-id", "fs-time", "fs-decided"] {
        let headers: Vec<_> = WHOLE
            .into_iter()
            .filter(|(known, _)| *known != name)
            .collect();
        assert_eq!(read(&headers), Err(BrokenHeader::Missing(name)));
    }
    assert_eq!(
        read(&[("fs-of-the-future", "?")]),
        Err(BrokenHeader::Missing("fs-source"))
    );
}

#[test]
fn a_header_that_stands_there_twice_is_named() {
    for (name, value) in WHOLE {
        let mut headers = WHOLE.to_vec();
        headers.push((name, value));
        assert_eq!(read(&headers), Err(BrokenHeader::Twice(name)));
    }
}

#[test]
fn an_unreadable_header_is_named() {
    for (name, value) in [
        ("fs-source", "payments/3"),
        ("fs-time", "yesterday"),
        ("fs-time", "1643346187000.5"),
        ("fs-time", "99999999999999999999"),
        ("fs-time", "-0"),
        ("fs-time", "-01"),
        ("fs-time", "--1"),
        ("fs-time", "-"),
        ("fs-decided", ""),
        ("fs-verdict", "FRAUD"),
        ("fs-ruleset", ""),
    ] {
        let error = read(&with(name, value)).expect_err(value);
        assert!(
            matches!(error, BrokenHeader::Unreadable { name: found, .. } if found == name),
            "{error}"
        );
    }
    let not_utf8 = Provenance::read([("fs-source", Some(&b"\xff"[..]))]);
    assert!(matches!(
        not_utf8,
        Err(BrokenHeader::Unreadable {
            name: "fs-source",
            ..
        })
    ));
    let no_value = Provenance::read([("fs-source", None)]);
    assert!(matches!(
        no_value,
        Err(BrokenHeader::Unreadable {
            name: "fs-source",
            ..
        })
    ));
}

#[test]
fn kafka_s_word_for_no_timestamp_reads() {
    assert_eq!(
        read(&with("fs-time", "-1"))
            .expect("readable")
            .expect("ours")
            .time
            .millis(),
        -1
    );
}

#[test]
fn every_timestamp_that_a_record_can_carry_reads() {
    for millis in [i64::MIN, i64::MIN + 1, -1, 0, i64::MAX] {
        let text = EventTime::from_millis(millis).to_string();
        let headers = with("fs-time", &text);
        let provenance = read(&headers).expect("readable").expect("ours");
        assert_eq!(provenance.time.millis(), millis);
    }
}
