//! A member's client, scripted.

use std::sync::Arc;
use std::time::Duration;

use kafka::{Committed, Consume, ConsumeFault, Polled, Position};
use tokio::runtime::Runtime;

use super::log::Message;
use super::plan::{Call, Twist};
use super::world::{Shared, World};

/// What a killed process unwinds with.
pub struct Killed;

/// A [`Consume`] on the modelled group. Time passes only while it polls.
pub struct Client {
    pub member: usize,
    pub world: Shared,
    pub runtime: Arc<Runtime>,
}

impl Client {
    /// Makes a call: `work` happens, fails, or kills, as the plan says.
    fn call<T>(
        &self,
        call: Call,
        work: impl FnOnce(&mut World) -> T,
        half: impl FnOnce(&mut World),
    ) -> Result<T, ConsumeFault> {
        let mut world = self.world.lock();
        let twist = match world.enter(self.member, call) {
            _ if world.doomed.remove(&self.member) => Some(Twist::KilledBefore),
            twist => twist,
        };
        match twist {
            Some(Twist::KilledBefore) => {
                drop(world);
                kill()
            }
            Some(Twist::KilledAfter) => {
                drop(work(&mut world));
                drop(world);
                kill()
            }
            Some(Twist::Fails) if call == Call::Seek && world.chance.one_in(2) => {
                Err(ConsumeFault::Stopped("not fetched yet".to_owned()))
            }
            Some(Twist::Fails) => Err(ConsumeFault::Passing(format!("{call:?} failed"))),
            Some(Twist::WorksAndFails) => {
                half(&mut world);
                Err(ConsumeFault::Passing(format!("{call:?} failed halfway")))
            }
            Some(Twist::Refused) => Err(ConsumeFault::Fatal(format!("{call:?} refused"))),
            Some(Twist::NoTopic) => Err(ConsumeFault::NoTopic("unknown topic".to_owned())),
            Some(Twist::OutOfRange) => {
                for fetch in world.group.member(self.member).reading.values_mut() {
                    fetch.stuck |= !fetch.paused;
                }
                Err(ConsumeFault::OutOfRange)
            }
            _ => Ok(work(&mut world)),
        }
    }

    /// Lets `wait` pass, and errands go on meanwhile.
    fn pass(&self, wait: Duration) {
        self.runtime.block_on(async {
            if wait.is_zero() {
                for _ in 0..4 {
                    tokio::task::yield_now().await;
                }
            } else {
                tokio::time::sleep(wait).await;
            }
        });
    }

    fn next(&self, world: &mut World) -> Option<Polled<Message>> {
        if let Some(rebalance) = world.group.hear(self.member) {
            return Some(Polled::Rebalance(rebalance));
        }
        if world.group.goes_astray(self.member, &world.log) {
            return Some(Polled::Fault(ConsumeFault::OutOfRange));
        }
        let World {
            group, log, chance, ..
        } = world;
        let reading = &mut group.member(self.member).reading;
        let ready: Vec<(i32, i64)> = reading
            .iter()
            .filter_map(|(partition, fetch)| {
                let fetched = (!fetch.paused && !fetch.stuck)
                    .then(|| log.from(*partition, fetch.next))
                    .flatten();
                let offset = fetch.stale.or(fetched.map(|entry| entry.offset))?;
                Some((*partition, offset))
            })
            .collect();
        let (partition, offset) = chance.pick(&ready)?;
        let fetch = reading.get_mut(&partition)?;
        if fetch.stale.take().is_none() {
            fetch.next = offset + 1;
        }
        fetch.handed_out = offset + 1;
        fetch.position = Some(offset + 1);
        let entry = log.from(partition, offset)?.clone();
        Some(Polled::Message(Message::new(partition, entry)))
    }
}

/// Ends the process here and now: no panic hook, no message.
fn kill() -> ! {
    std::panic::resume_unwind(Box::new(Killed))
}

impl Consume for Client {
    type Message<'a> = Message;
    type Group = ();

    fn poll(&self, wait: Duration) -> Polled<Message> {
        match self.call(Call::Poll, |world| self.next(world), |_| {}) {
            Err(fault) => Polled::Fault(fault),
            Ok(Some(polled)) => {
                if self.world.lock().chance.one_in(3) {
                    self.pass(Duration::ZERO);
                }
                polled
            }
            Ok(None) => {
                if let Some(made) = self.world.lock().calls.last_mut() {
                    made.idle = true;
                }
                self.pass(wait);
                Polled::Nothing
            }
        }
    }

    fn assign(&self, positions: &[(i32, Position)]) -> Result<(), ConsumeFault> {
        let work = |world: &mut World| world.group.assign(self.member, positions);
        self.call(Call::Assign, work, |_| {})
    }

    fn unassign(&self, partitions: &[i32]) -> Result<(), ConsumeFault> {
        let work = |world: &mut World| world.group.unassign(self.member, partitions);
        self.call(Call::Unassign, work, |_| {})
    }

    fn seek(&self, positions: &[(i32, Position)], _: Duration) -> Result<(), ConsumeFault> {
        let work = |world: &mut World| world.group.seek(self.member, positions);
        let half = |world: &mut World| {
            let half = &positions[..positions.len() / 2];
            world.group.seek(self.member, half);
        };
        self.call(Call::Seek, work, half)
    }

    fn pause(&self, partitions: &[i32]) {
        let World {
            group, log, chance, ..
        } = &mut *self.world.lock();
        group.pause(self.member, partitions, log, chance);
    }

    fn resume(&self, partitions: &[i32]) {
        self.world.lock().group.resume(self.member, partitions);
    }

    fn committed(&self, _: &[i32], _: Duration) -> Result<Vec<Committed>, ConsumeFault> {
        panic!("positions are the database's to tell")
    }

    fn commit(&self, next: &[(i32, i64)], _: &str) {
        self.check_told(next);
    }

    fn store(&self, next: &[(i32, i64)]) {
        self.check_told(next);
    }

    fn positions(&self) -> Vec<(i32, i64)> {
        let World { group, log, .. } = &mut *self.world.lock();
        group.positions(self.member, log)
    }

    fn watermarks(&self, partition: i32, _: Duration) -> Result<(i64, i64), ConsumeFault> {
        let work = |world: &mut World| (world.log.start(partition), world.log.end(partition));
        self.call(Call::Watermarks, work, |_| {})
    }

    fn topic_id(&self, _: Duration) -> Result<String, ConsumeFault> {
        self.call(Call::TopicId, |world| world.topic_id.clone(), |_| {})
    }

    fn group(&self) -> Option<()> {
        None
    }
}

impl Client {
    /// Nobody is told that more is stored than is, be it of the topic that had the name before.
    fn check_told(&self, next: &[(i32, i64)]) {
        let mut world = self.world.lock();
        for (number, told) in next {
            let stored = world.tables.furthest(*number);
            if stored.is_none_or(|stored| stored < *told) {
                let why = format!(
                    "partition {number} is stored up to {stored:?}, and Kafka is told {told}"
                );
                world.tables.broken.get_or_insert(why);
            }
        }
    }
}
