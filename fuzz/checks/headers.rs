//! Our headers: what the detector writes reads back as what it meant, whatever headers came with the record; and
//! whatever somebody else writes is read strictly or refused by name.
//!
//! The bytes: timestamp (8), offset (8), partition (4), then headers and at last the payload, with 0xff between
//! them. Within a header 0xfe ends the name; a header without one has no value.

use std::sync::{LazyLock, Mutex, PoisonError};

use fraud_detector::Config;
use fraud_detector::metrics::Metrics;
use fraud_detector::router::Router;
use kafka::worker::{Route as _, Routed};
use kafka::{HeaderList, Headers, Record};
use payment::{BrokenHeader, Payment, Provenance, Source, Verdict, header};
use rules::RuleSet;
use settings::{Environment, Reading};

const TOPIC: &str = "payments";
const TOPIC_ID: &str = "bXktdG9waWMtaWQtMTIzNA";

/// Registers its metrics once.
static ROUTER: LazyLock<Mutex<Router>> = LazyLock::new(|| Mutex::new(router()));

/// Checks any bytes as a record with headers.
pub fn headers(bytes: &[u8]) {
    let Some((time, rest)) = bytes.split_first_chunk::<8>() else {
        return;
    };
    let Some((offset, rest)) = rest.split_first_chunk::<8>() else {
        return;
    };
    let Some((partition, rest)) = rest.split_first_chunk::<4>() else {
        return;
    };
    let mut parts: Vec<_> = rest.split(|byte| *byte == 0xff).collect();
    let payload = parts.pop();
    let mut headers = HeaderList::default();
    for part in parts {
        let (name, value) = match part.iter().position(|byte| *byte == 0xfe) {
            Some(end) => (&part[..end], Some(&part[end + 1..])),
            None => (part, None),
        };
        headers.push(name, value);
    }
    reads_strictly(&headers);
    // Offsets and partitions count from 0.
    goes_round(&Record {
        topic: TOPIC,
        partition: i32::from_le_bytes(*partition) & i32::MAX,
        offset: i64::from_le_bytes(*offset) & i64::MAX,
        timestamp_ms: Some(i64::from_le_bytes(*time)).filter(|time| *time != -1),
        key: None,
        payload: payload.filter(|payload| *payload != b"null"),
        headers: Headers::Listed(&headers),
    });
}

/// Somebody else's headers are foreign, readable to the letter, or refused by the name of one of them.
fn reads_strictly(headers: &HeaderList) {
    let values = |name: &str| -> Vec<Option<&[u8]>> {
        let named = headers
            .iter()
            .filter(|(found, _)| *found == name.as_bytes());
        named.map(|(_, value)| value).collect()
    };
    let said = |name: &str, text: Option<String>| {
        let expected: Vec<_> = text.iter().map(|text| Some(text.as_bytes())).collect();
        assert_eq!(values(name), expected, "{name}");
    };
    let owned = |text: Option<&str>| text.map(str::to_owned);
    match read(headers) {
        Ok(None) => assert!(names(headers).all(|name| !name.starts_with("fs-"))),
        Ok(Some(provenance)) => {
            said(header::SOURCE, Some(provenance.source.to_string()));
            said(header::TOPIC_ID, owned(Some(provenance.topic_id)));
            said(header::TIME, Some(provenance.time.to_string()));
            said(header::DECIDED, Some(provenance.decided_ms.to_string()));
            said(
                header::VERDICT,
                owned(provenance.verdict.map(Verdict::as_str)),
            );
            said(header::RULES, owned(provenance.rules));
            said(header::SHADOW, owned(provenance.shadow));
            said(header::RULESET, owned(provenance.ruleset));
        }
        Err(broken) => {
            assert!(names(headers).any(|name| name.starts_with("fs-")));
            match broken {
                BrokenHeader::Missing(name) => assert_eq!(values(name).len(), 0),
                BrokenHeader::Twice(name) => assert!(values(name).len() > 1),
                BrokenHeader::Unreadable { name, .. } => assert_eq!(values(name).len(), 1),
            }
        }
    }
}

/// The detector replaces what claims to be ours, passes on all other headers, and a processor reads what it meant.
fn goes_round(record: &Record<'_>) {
    let mut router = ROUTER.lock().unwrap_or_else(PoisonError::into_inner);
    let mut sent = HeaderList::default();
    let routed = router.route(record, &mut sent);

    let foreign = record.headers.iter();
    let foreign: Vec<_> = foreign
        .filter(|(name, _)| !name.starts_with(b"fs-"))
        .collect();
    assert_eq!(sent.iter().take(foreign.len()).collect::<Vec<_>>(), foreign);
    assert!(
        sent.iter()
            .skip(foreign.len())
            .all(|(name, _)| name.starts_with(b"fs-"))
    );

    let provenance = read(&sent).expect("readable").expect("ours");
    let source = Source {
        topic: record.topic.to_owned(),
        partition: record.partition,
        offset: record.offset,
    };
    assert_eq!(provenance.source, source);
    assert_eq!(provenance.topic_id, TOPIC_ID);
    assert_eq!(provenance.time.millis(), record.timestamp_ms.unwrap_or(-1));
    assert!(provenance.decided_ms > 0);

    let text = |name: &str| {
        let value = sent.iter().find(|(found, _)| *found == name.as_bytes())?.1;
        value.map(|value| std::str::from_utf8(value).expect("text"))
    };
    match Payment::try_from(record.payload) {
        Ok(payment) => {
            let (topic, verdict, rules) = default_rules(&payment);
            assert_eq!(routed, Routed::To(topic));
            assert_eq!(provenance.verdict, Some(verdict));
            assert_eq!(provenance.rules, Some(rules.join(",").as_str()));
            assert!(
                provenance
                    .rule_ids()
                    .expect("a list")
                    .eq(rules.iter().copied())
            );
            assert_eq!(provenance.shadow, Some(""));
            assert_eq!(provenance.ruleset, Some(RuleSet::default().id()));
            assert_eq!((text(header::REASON), text(header::ERROR)), (None, None));
        }
        Err(refusal) => {
            assert_eq!(routed, Routed::Refused("payments_dlq"));
            assert_eq!(provenance.verdict, None);
            assert_eq!(
                (provenance.rules, provenance.shadow, provenance.ruleset),
                (None, None, None)
            );
            assert_eq!(text(header::REASON), Some(refusal.reason.as_str()));
            assert_eq!(text(header::ERROR), Some(refusal.detail.as_str()));
        }
    }
    router.aborted();
}

/// What the default rules say, said once more.
fn default_rules(payment: &Payment<'_>) -> (&'static str, Verdict, &'static [&'static str]) {
    let to_a_stranger = payment.who.eq_ignore_ascii_case("stranger");
    match (&*payment.payment_type, to_a_stranger) {
        ("BITCOIN", true) => (
            "fraud_payments",
            Verdict::Fraud,
            &["bitcoin", "stranger-bitcoin"],
        ),
        ("BITCOIN", false) => ("fraud_payments", Verdict::Fraud, &["bitcoin"]),
        _ => ("legit_topic", Verdict::Legit, &[]),
    }
}

/// As processors read: a header whose name is not UTF-8 is nobody's that we know.
fn read(headers: &HeaderList) -> Result<Option<Provenance<'_>>, BrokenHeader> {
    let text = |(name, value)| Some((std::str::from_utf8(name).ok()?, value));
    Provenance::read(headers.iter().filter_map(text))
}

fn names(headers: &HeaderList) -> impl Iterator<Item = &str> {
    headers
        .iter()
        .filter_map(|(name, _)| std::str::from_utf8(name).ok())
}

fn router() -> Router {
    let environment = Environment::from_iter([("DETECTOR_INSTANCE", "fuzz")]);
    let mut reading = Reading::new(&environment);
    let config = Config::read(&mut reading).expect("defaults");
    let metrics = Metrics::register(&prometheus::Registry::new(), &config.rules).expect("metrics");
    let mut router = Router::new(&config, &metrics);
    router.reading(TOPIC_ID);
    router
}
