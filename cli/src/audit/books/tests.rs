//! Every way in which books can be uneven, and those in which they only look so.

mod doubled;
mod misplaced;
mod missing;
mod others;
mod rest;
mod rounds;

use super::*;

const ID: &str = "payments-id";

fn names() -> Names {
    Names {
        payments: "payments".into(),
        fraud: "fraud_payments".into(),
        legit: "legit_topic".into(),
        dead_letters: "payments_dlq".into(),
    }
}

fn source(offset: i64) -> Key<'static> {
    Key {
        topic_id: ID,
        topic: "payments",
        partition: 0,
        offset,
    }
}

/// A pipeline of one partition, whose events are told in a word each.
struct Pipeline {
    books: Books,
    /// Records on each output so far.
    places: [i64; 3],
}

/// Ten payments, `decided` of them decided.
fn pipeline(decided: i64) -> Pipeline {
    let mut books = Books::new(names(), ID, 3);
    books.partition(
        0,
        Extent {
            low: 0,
            high: 10,
            committed: Some(decided),
        },
    );
    (0..10).for_each(|offset| books.produced(0, offset));
    Pipeline {
        books,
        places: [0; 3],
    }
}

impl Pipeline {
    fn place(&mut self, kind: Kind) -> Key<'static> {
        let (topic_id, topic) = match kind {
            Kind::Fraud => ("fraud-id", "fraud_payments"),
            Kind::Legit => ("legit-id", "legit_topic"),
            Kind::Dead => ("dead-id", "payments_dlq"),
        };
        let offset = self.places[kind as usize];
        self.places[kind as usize] += 1;
        Key {
            topic_id,
            topic,
            partition: 4,
            offset,
        }
    }

    /// The detector sent this payment there.
    fn sent(&mut self, kind: Kind, offset: i64) {
        self.sent_key(kind, source(offset));
    }

    fn sent_key(&mut self, kind: Kind, key: Key<'_>) {
        let place = self.place(kind);
        let said = (kind != Kind::Dead).then_some(kind);
        self.books.record(kind, place, Origin::Payment(key, said));
    }

    /// A processor stored it there.
    fn row(&mut self, kind: Kind, offset: i64) {
        self.books.row(kind, source(offset));
    }

    /// Both.
    fn rests(&mut self, kind: Kind, offset: i64) {
        self.sent(kind, offset);
        self.row(kind, offset);
    }

    /// Everything that is decided rests: 0 to 2 are fraud, 3 is a dead letter of the detector's, 4 one of a processor's, the
    /// others are legitimate.
    fn all_rest(&mut self, decided: i64) {
        for offset in 0..decided {
            match offset {
                0..=2 => self.rests(Kind::Fraud, offset),
                3 => self.sent(Kind::Dead, offset),
                4 => {
                    self.sent(Kind::Legit, offset);
                    self.row(Kind::Dead, offset);
                }
                _ => self.rests(Kind::Legit, offset),
            }
        }
    }

    fn close(&mut self) -> Balance {
        let balance = self.books.close();
        let Totals {
            produced,
            fraud,
            legit,
            dead_lettered,
            in_flight,
            missing,
            ..
        } = balance.totals;
        assert_eq!(
            produced,
            fraud + legit + dead_lettered + in_flight + missing,
            "every payment is in one place"
        );
        balance
    }

    /// The books are even, and these are the numbers: fraud, legit, dead-lettered, in flight.
    fn even(&mut self, expected: [u64; 4]) -> Totals {
        let balance = self.close();
        assert_eq!(balance.findings, []);
        let Totals {
            fraud,
            legit,
            dead_lettered,
            in_flight,
            ..
        } = balance.totals;
        assert_eq!([fraud, legit, dead_lettered, in_flight], expected);
        balance.totals
    }

    /// This alone is wrong, so often, and these are the examples.
    fn uneven(&mut self, what: What, count: u64, examples: &[&str]) -> Totals {
        let balance = self.close();
        let expected = Finding {
            what,
            count,
            examples: examples.iter().map(ToString::to_string).collect(),
        };
        assert_eq!(balance.findings, [expected]);
        assert!(!balance.is_even());
        balance.totals
    }
}
