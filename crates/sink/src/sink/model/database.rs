//! The database, as a sink's errands reach it.

use std::time::Duration;

use chrono::{NaiveDate, NaiveTime};
use store::{
    Advance, AlertRow, Batch, Claim, Committed, Database, Partition, PaymentRow, RowKey, State,
    StoreError, Table, Trouble,
};

use super::log::{Entry, is_alarming};
use super::plan::{Call, Twist};
use super::world::{Shared, World};

/// A [`Database`] on the modelled tables, as one process reaches it.
#[derive(Clone)]
pub struct Link {
    pub member: usize,
    pub world: Shared,
}

/// How long something takes that takes a while: longer than the sink's patience.
const A_WHILE: Duration = Duration::from_millis(2_500);

impl Link {
    /// Makes a call. The server does its work whether or not the caller still waits for it.
    async fn call<T: Send + 'static>(
        &self,
        call: Call,
        work: impl FnOnce(&mut World, bool) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (twist, way) = {
            let mut world = self.world.lock();
            let way = Duration::from_millis([0, 0, 1, 8, 30][world.chance.below(5)]);
            let twist = world.enter(self.member, call);
            (
                if world.away {
                    Some(Twist::Fails)
                } else {
                    twist
                },
                way,
            )
        };
        let lost = || StoreError::new(Trouble::Unreachable, "reach the database", "cut off");
        let (before, after) = match twist {
            Some(Twist::Fails) => {
                tokio::time::sleep(way).await;
                return Err(lost());
            }
            Some(Twist::Refused) => {
                return Err(StoreError::new(Trouble::Denied, "reach the database", "no"));
            }
            Some(Twist::KilledBefore) => {
                self.world.lock().doomed.insert(self.member);
                return std::future::pending().await;
            }
            Some(Twist::Slow | Twist::FailsAndWorks) => (A_WHILE, Duration::ZERO),
            Some(Twist::SlowAnswer) => (Duration::ZERO, A_WHILE),
            _ => (way, way),
        };
        let seen = !matches!(twist, Some(Twist::WorksAndFails | Twist::FailsAndWorks));
        let world = self.world.clone();
        let server = tokio::spawn(async move {
            tokio::time::sleep(before).await;
            let mut world = world.lock();
            let answer = work(&mut world, seen);
            let World {
                tables,
                log,
                topic_id,
                ..
            } = &mut *world;
            tables.check(log, topic_id);
            answer
        });
        if twist == Some(Twist::FailsAndWorks) {
            return Err(lost());
        }
        let answer = server.await.map_err(|_| lost())?;
        tokio::time::sleep(after).await;
        match twist {
            Some(Twist::WorksAndFails) => Err(lost()),
            Some(Twist::KilledAfter) => {
                self.world.lock().doomed.insert(self.member);
                std::future::pending().await
            }
            _ => answer,
        }
    }
}

impl Database for Link {
    async fn claim(
        &self,
        _sink: &str,
        partition: &Partition,
        owner: &str,
    ) -> Result<Claim, StoreError> {
        let (partition, owner) = (partition.clone(), owner.to_owned());
        self.call(Call::Claim, move |world, _| {
            let claim = world.tables.claim(&partition, &owner);
            world.say(|| format!("{owner} claims {partition}: {claim:?}"));
            Ok(claim)
        })
        .await
    }

    async fn commit(&self, batch: &Batch) -> Result<Committed, StoreError> {
        let (batch, owner) = (batch.clone(), format!("member {}", self.member));
        self.call(Call::Commit, move |world, seen| {
            world.check_read(&batch);
            let outcome = world.tables.commit(&batch, &owner, seen);
            world.say(|| {
                let moves: Vec<_> = batch
                    .advances
                    .iter()
                    .map(|to| (to.partition.partition, to.epoch, to.from, to.to))
                    .collect();
                format!("{owner} moves {moves:?}: {outcome:?}")
            });
            outcome
        })
        .await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

/// One record, as somebody outside stores it.
pub fn batch_of(partition: &Partition, claim: Claim, entry: Entry) -> Batch {
    let place = RowKey {
        topic_id: partition.topic_id.clone(),
        topic: partition.topic.clone(),
        partition: partition.partition,
        offset: entry.offset,
    };
    let key = entry.source.map_or(place.clone(), |source| RowKey {
        topic_id: "in".into(),
        topic: "payments".into(),
        partition: partition.partition,
        offset: source,
    });
    let alert = is_alarming(&entry.payload).then(|| AlertRow {
        key: key.clone(),
        body: "{}".to_owned(),
        created_at: 0,
    });
    Batch {
        sink: "sink".to_owned(),
        cluster_id: "cluster".to_owned(),
        advances: vec![Advance {
            partition: partition.clone(),
            epoch: claim.epoch,
            from: claim.next_offset,
            to: entry.offset + 1,
        }],
        table: Table::Fraud,
        payments: vec![PaymentRow {
            key,
            place,
            id: None,
            account: None,
            payment_type: "BITCOIN".to_owned(),
            amount_hundredths: 0,
            currency: None,
            country: None,
            who: "MOM".to_owned(),
            business_date: NaiveDate::MIN,
            business_time: NaiveTime::MIN,
            event_time: 0,
            rules: None,
            state: State::Processing,
            decided_at: None,
            payload: entry.payload,
        }],
        alerts: alert.into_iter().collect(),
        dead_letters: Vec::new(),
    }
}
