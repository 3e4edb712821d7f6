//! What processors do: rows, and positions in the database.

use chrono::{NaiveDate, NaiveTime};
use store::{
    Advance, Batch, Committed, Database as _, DeadLetterRow, Partition, PaymentRow, Relation,
    RowKey, State, Table,
};

use crate::support::pipeline::{Output, Pipeline};

impl Pipeline {
    /// A processor stores these payments, and its position is `to` from now on.
    pub async fn store(&self, table: Table, numbers: impl IntoIterator<Item = i64>, to: i64) {
        let keys: Vec<RowKey> = numbers.into_iter().map(|number| self.key(number)).collect();
        self.store_keys(table, &keys, &[], to).await;
    }

    /// A processor stores rows and dead letters under these keys.
    pub async fn store_keys(
        &self,
        table: Table,
        payments: &[RowKey],
        dead_letters: &[RowKey],
        to: i64,
    ) {
        let (sink, output) = match table {
            Table::Fraud => ("fraud-processor", Output::Fraud),
            Table::Legit => ("legit-processor", Output::Legit),
        };
        let topic = self.topic(output);
        let partition = Partition {
            topic: topic.into(),
            topic_id: self.ids[topic].as_str().into(),
            partition: 0,
        };
        let claim = self.store.claim(sink, &partition, "test").await.unwrap();
        let batch = Batch {
            sink: sink.to_owned(),
            cluster_id: String::new(),
            advances: vec![Advance {
                partition,
                epoch: claim.epoch,
                from: claim.next_offset,
                to,
            }],
            table,
            payments: payments.iter().map(row).collect(),
            alerts: Vec::new(),
            dead_letters: dead_letters.iter().map(dead_letter).collect(),
        };
        let committed = self.store.commit(&batch).await.unwrap();
        assert!(
            matches!(committed, Committed::Stored { .. }),
            "{committed:?}"
        );
    }

    /// Takes one row away, past every processor.
    pub async fn delete_row(&self, relation: Relation, number: i64) {
        let (partition, offset) = Self::place(number);
        let delete = format!(
            "DELETE FROM {relation} WHERE source_partition = {partition} AND source_offset = {offset}"
        );
        assert_eq!(self.database.sql(&delete).await, 1);
    }
}

fn row(key: &RowKey) -> PaymentRow {
    PaymentRow {
        key: key.clone(),
        place: key.clone(),
        id: None,
        account: None,
        payment_type: "VISA".into(),
        amount_hundredths: 100,
        currency: None,
        country: None,
        who: "MOM".into(),
        business_date: NaiveDate::from_ymd_opt(2022, 1, 28).unwrap(),
        business_time: NaiveTime::from_hms_opt(14, 3, 7).unwrap(),
        event_time: 1,
        rules: None,
        state: State::Visa,
        decided_at: Some(2),
        payload: b"{}".to_vec(),
    }
}

fn dead_letter(key: &RowKey) -> DeadLetterRow {
    DeadLetterRow {
        key: key.clone(),
        place: key.clone(),
        reason: "not_json".into(),
        error: String::new(),
        record_key: None,
        payload: None,
    }
}
