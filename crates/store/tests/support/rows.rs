//! Rows and batches that tests are made of.

use chrono::{NaiveDate, NaiveTime};
use store::{
    Advance, AlertRow, Batch, Claim, Committed, Partition, PaymentRow, RowKey, State, Table,
};

pub const SINK: &str = "legit-processor";

/// The first output partition.
pub fn partition() -> Partition {
    partition_number(0)
}

/// An output partition.
pub fn partition_number(partition: i32) -> Partition {
    Partition {
        topic: "legit_topic".into(),
        topic_id: "AAAAAAAAAAAAAAAAAAAAAB".into(),
        partition,
    }
}

/// A payment's place in `payments`.
pub fn source(partition: i32, offset: i64) -> RowKey {
    RowKey {
        topic_id: "AAAAAAAAAAAAAAAAAAAAAA".into(),
        topic: "payments".into(),
        partition,
        offset,
    }
}

/// A record's place on the output.
pub fn place(offset: i64) -> RowKey {
    RowKey {
        topic_id: "AAAAAAAAAAAAAAAAAAAAAB".into(),
        topic: "legit_topic".into(),
        partition: 0,
        offset,
    }
}

/// A payment of partition 0 with every field in use.
pub fn payment(offset: i64) -> PaymentRow {
    PaymentRow {
        key: source(0, offset),
        place: place(offset),
        id: Some(format!("0190-{offset}")),
        account: Some("KR-1".into()),
        payment_type: "VISA".into(),
        amount_hundredths: 5_700,
        currency: Some("KRW".into()),
        country: Some("KR".into()),
        who: "엄마 🍜 \"'\\".into(),
        business_date: NaiveDate::from_ymd_opt(2022, 1, 28).unwrap(),
        business_time: NaiveTime::from_hms_opt(14, 3, 7).unwrap(),
        event_time: 1_643_346_187_000,
        rules: None,
        state: State::Visa,
        decided_at: Some(1_643_346_187_050),
        payload: format!("{{\"AMOUNT\": 57, \"n\": {offset}}}").into_bytes(),
    }
}

/// Payments of partition 0.
pub fn payments(offsets: impl IntoIterator<Item = i64>) -> Vec<PaymentRow> {
    offsets.into_iter().map(payment).collect()
}

/// An alert of partition 0.
pub fn alert(offset: i64, created_at: i64) -> AlertRow {
    AlertRow {
        key: source(0, offset),
        body: format!("{{\"source\":\"payments/0/{offset}\"}}"),
        created_at,
    }
}

/// A batch without rows that moves partition 0.
pub fn moving(claim: Claim, to: i64) -> Batch {
    Batch {
        sink: SINK.into(),
        cluster_id: "cluster".into(),
        advances: vec![Advance {
            partition: partition(),
            epoch: claim.epoch,
            from: claim.next_offset,
            to,
        }],
        table: Table::Legit,
        payments: Vec::new(),
        alerts: Vec::new(),
        dead_letters: Vec::new(),
    }
}

/// A batch of payments that moves partition 0.
pub fn storing(claim: Claim, to: i64, payments: Vec<PaymentRow>) -> Batch {
    Batch {
        payments,
        ..moving(claim, to)
    }
}

/// What a batch of new rows ends as.
pub fn stored(rows: u64) -> Committed {
    Committed::Stored {
        rows,
        duplicates: Vec::new(),
        dead_lettered: Vec::new(),
    }
}
