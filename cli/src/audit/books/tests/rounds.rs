//! Several rounds, several partitions, and how much memory they take.

use super::*;

#[test]
fn a_second_round_sees_what_changed_and_what_was_lost_since() {
    let mut pipeline = pipeline(10);
    pipeline.all_rest(9);
    pipeline.sent(Kind::Legit, 9);
    pipeline.books.waiting(source(9));
    pipeline.even([3, 4, 2, 1]);

    pipeline.books.reopen();
    pipeline.books.partition(
        0,
        Extent {
            low: 0,
            high: 11,
            committed: Some(10),
        },
    );
    pipeline.books.produced(0, 10);
    (0..3).for_each(|offset| pipeline.row(Kind::Fraud, offset));
    pipeline.row(Kind::Dead, 4);
    (5..9).for_each(|offset| pipeline.row(Kind::Legit, offset));
    let unstored = "payments/0/9: on topic legit_topic, in no table";
    let totals = pipeline.uneven(What::Unstored, 1, &[unstored]);
    assert_eq!((totals.produced, totals.to_decide), (11, 1));
}

#[test]
fn partitions_are_kept_apart() {
    let mut books = Books::new(names(), ID, 3);
    for partition in 0..3 {
        books.partition(
            partition,
            Extent {
                low: 0,
                high: 5,
                committed: Some(5),
            },
        );
        (0..5).for_each(|offset| books.produced(partition, offset));
    }
    for (partition, offset) in
        (0..3).flat_map(|partition| (0..5).map(move |offset| (partition, offset)))
    {
        let key = Key {
            partition,
            ..source(offset)
        };
        let place = Key {
            topic_id: "l",
            topic: "legit_topic",
            partition: 0,
            offset: 5 * i64::from(partition) + offset,
        };
        books.record(Kind::Legit, place, Origin::Payment(key, Some(Kind::Legit)));
        if (partition, offset) != (1, 3) {
            books.row(Kind::Legit, key);
        }
    }
    let balance = books.close();
    assert_eq!(
        balance.findings[0].examples,
        ["payments/1/3: on topic legit_topic, in no table"]
    );
    assert_eq!(
        (
            balance.totals.produced,
            balance.totals.legit,
            balance.totals.missing
        ),
        (15, 14, 1)
    );
}

#[test]
fn a_million_payments_take_little_memory() {
    let mut books = Books::new(names(), ID, 3);
    let count = 1 << 20;
    books.partition(
        0,
        Extent {
            low: 0,
            high: count,
            committed: Some(count),
        },
    );
    (0..count).for_each(|offset| books.produced(0, offset));
    for offset in 0..count {
        // As irregular as it gets.
        let kind = if (offset * 2_654_435_761) >> 7 & 1 == 0 {
            Kind::Fraud
        } else {
            Kind::Legit
        };
        let place = Key {
            topic_id: "o",
            topic: "legit_topic",
            partition: 0,
            offset,
        };
        books.record(kind, place, Origin::Payment(source(offset), Some(kind)));
        books.row(kind, source(offset));
    }
    assert!(books.close().is_even());
    let account = &books.logs[0].accounts[&0];
    let bytes: usize = [
        &account.produced,
        &account.topics.any,
        &account.topics.fraud,
        &account.tables.any,
        &account.tables.fraud,
    ]
    .iter()
    .map(|bitmap| bitmap.serialized_size())
    .sum();
    assert!(
        bytes < count as usize * 2 / 8 * 11 / 10,
        "{bytes} bytes are more than two bits for each payment"
    );
}
