//! What a record on an output says of where it came from.

use kafka::Record;
use payment::{Provenance, Verdict};

use super::books::{Key, Kind, Origin};

/// Reads the headers and hands the answer to `tell`: it borrows from what was read. Headers that claim to be ours and do not read
/// as ours make a record as foreign as none: a processor stores either under its own place.
pub fn of<T>(record: &Record<'_>, tell: impl FnOnce(Origin<'_>) -> T) -> T {
    // A header whose name is not UTF-8 is nobody's that we know.
    let headers = record.headers.iter();
    let headers =
        headers.filter_map(|(name, value)| Some((std::str::from_utf8(name).ok()?, value)));
    let Ok(Some(provenance)) = Provenance::read(headers) else {
        return tell(Origin::Foreign);
    };
    let key = Key {
        topic_id: provenance.topic_id,
        topic: &provenance.source.topic,
        partition: provenance.source.partition,
        offset: provenance.source.offset,
    };
    let said = provenance.verdict.map(|verdict| match verdict {
        Verdict::Fraud => Kind::Fraud,
        Verdict::Legit => Kind::Legit,
    });
    tell(Origin::Payment(key, said))
}

#[cfg(test)]
mod tests {
    use kafka::{HeaderList, Headers};

    use super::*;

    fn check(headers: &[(&[u8], &str)], expected: Origin<'_>) {
        let mut list = HeaderList::default();
        for (name, value) in headers {
            list.push(name, Some(value.as_bytes()));
        }
        let record = Record {
            topic: "fraud_payments",
            partition: 2,
            offset: 9,
            timestamp_ms: None,
            key: None,
            payload: None,
            headers: Headers::Listed(&list),
        };
        of(&record, |origin| assert_eq!(origin, expected));
    }

    #[test]
    fn a_payment_of_ours_is_known_by_its_source_and_anything_else_is_foreign() {
        let key = Key {
            topic_id: "id",
            topic: "payments",
            partition: 3,
            offset: 42,
        };
        let ours: [(&[u8], &str); 4] = [
            (b"fs-source", "payments/3/42"),
            (b"fs-topic-id", "id"),
            (b"fs-time", "7"),
            (b"fs-decided", "8"),
        ];
        check(&ours, Origin::Payment(key, None));
        let judged: Vec<_> = ours
            .into_iter()
            .chain([(&b"fs-verdict"[..], "fraud"), (&b"\xff"[..], "x")])
            .collect();
        check(&judged, Origin::Payment(key, Some(Kind::Fraud)));
        check(&[], Origin::Foreign);
        check(&[(b"traceparent", "x")], Origin::Foreign);
        check(&ours[..2], Origin::Foreign);
    }
}
