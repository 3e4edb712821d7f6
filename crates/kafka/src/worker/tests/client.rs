//! The scripted consumer.

use std::cell::RefMut;
use std::time::Duration;

use super::plan::{Call, Effect, Twist};
use super::world::{Event, Shared, World};
use crate::consumer::{Committed, Consume, ConsumeFault, Polled, Position};
use crate::context::Rebalance;
use crate::headers::Headers;
use crate::record::{Received, Record};

/// A consumer of the model.
pub struct Client(pub Shared);

/// A record of the model; its payload says where it comes from.
pub struct Message {
    partition: i32,
    offset: i64,
    payload: String,
}

impl Client {
    /// Makes a call: its effect happens or not, and it answers as the plan says.
    fn call<T>(
        &self,
        call: Call,
        effect: impl FnOnce(&mut World) -> Result<T, ConsumeFault>,
    ) -> Result<T, ConsumeFault> {
        let mut world = self.0.borrow_mut();
        if world.crashed {
            return Err(gone());
        }
        match world.enter(call) {
            Some(Twist::Consume(fault, happens)) => {
                // The client itself answers an assignment: no answer of that kind is ever lost.
                if happens.now() && !matches!(call, Call::Assign | Call::Unassign) {
                    // Whatever it would have answered is lost.
                    let _ = effect(&mut world);
                }
                Err(fault)
            }
            Some(Twist::Crash(happens)) => {
                if happens.now() {
                    let _ = effect(&mut world);
                }
                Err(gone())
            }
            _ => effect(&mut world),
        }
    }

    /// Something to hand out, if there is something.
    fn next(mut world: RefMut<'_, World>) -> Polled<Message> {
        if world.client.awaited.is_none() {
            while let Some(event) = world.client.events.pop_front() {
                world.client.awaited = Some(event.clone());
                let rebalance = match event {
                    Event::Assigned(partitions) => Rebalance::Assigned(partitions),
                    Event::Revoked(partitions) => Rebalance::Revoked {
                        partitions,
                        lost: false,
                    },
                    Event::Lost => Rebalance::Revoked {
                        partitions: world.client.reading.keys().copied().collect(),
                        lost: true,
                    },
                };
                match &rebalance {
                    // There is nothing to take: the client joins again without asking.
                    Rebalance::Revoked { partitions, .. } if partitions.is_empty() => {
                        world.answered(false)
                    }
                    _ => return Polled::Rebalance(rebalance),
                }
            }
        }
        if let Some(partition) = world.astray() {
            if let Some(fetch) = world.client.reading.get_mut(&partition) {
                fetch.stuck = true;
            }
            return Polled::Fault(ConsumeFault::OutOfRange);
        }
        let Some((partition, offset)) = world.next_record() else {
            return Polled::Nothing;
        };
        world.taken(partition, offset);
        Polled::Message(Message {
            partition,
            offset,
            payload: format!("{} {partition} {offset}", world.brokers.topic_id),
        })
    }
}

fn gone() -> ConsumeFault {
    ConsumeFault::Fatal("the process is gone".to_owned())
}

impl Received for Message {
    fn record(&self) -> Record<'_> {
        Record {
            topic: "payments",
            partition: self.partition,
            offset: self.offset,
            timestamp_ms: Some(0),
            key: None,
            payload: Some(self.payload.as_bytes()),
            headers: Headers::None,
        }
    }
}

impl Consume for Client {
    type Message<'a> = Message;
    type Group = u32;

    fn poll(&self, wait: Duration) -> Polled<Message> {
        let mut world = self.0.borrow_mut();
        if world.crashed {
            return Polled::Fault(gone());
        }
        world.pass();
        // A poll that finds nothing is no call of its own: how many there are depends on the clock.
        let something = world.next_record().is_some()
            || (world.client.awaited.is_none() && !world.client.events.is_empty());
        if !something && world.astray().is_none() {
            world.idle += 1;
            drop(world);
            std::thread::sleep(wait.min(Duration::from_micros(200)));
            return Polled::Nothing;
        }
        world.idle = 0;
        match world.enter(Call::Poll) {
            Some(Twist::Consume(fault, _)) => {
                if fault == ConsumeFault::OutOfRange
                    && let Some(fetch) = world.client.reading.values_mut().next()
                {
                    fetch.stuck = true;
                }
                Polled::Fault(fault)
            }
            Some(Twist::Crash(Effect::Not)) => Polled::Fault(gone()),
            Some(Twist::Crash(_)) => {
                let _ = Self::next(world);
                Polled::Fault(gone())
            }
            _ => Self::next(world),
        }
    }

    fn assign(&self, positions: &[(i32, Position)]) -> Result<(), ConsumeFault> {
        self.call(Call::Assign, |world| {
            for (partition, position) in positions {
                if world.client.reading.contains_key(partition) {
                    return Err(ConsumeFault::Passing(format!(
                        "{partition} is assigned already"
                    )));
                }
                world.place(*partition, *position);
            }
            world.answered(true);
            Ok(())
        })
    }

    fn unassign(&self, partitions: &[i32]) -> Result<(), ConsumeFault> {
        self.call(Call::Unassign, |world| {
            for partition in partitions {
                if world.client.reading.remove(partition).is_none() {
                    return Err(ConsumeFault::Passing(format!(
                        "{partition} is not assigned"
                    )));
                }
            }
            world.answered(false);
            Ok(())
        })
    }

    fn seek(&self, positions: &[(i32, Position)], _: Duration) -> Result<(), ConsumeFault> {
        self.call(Call::Seek, |world| {
            for (partition, position) in positions {
                match world.client.reading.get(partition) {
                    Some(fetch) if !fetch.stuck => world.place(*partition, *position),
                    _ => return Err(ConsumeFault::Stopped(format!("{partition} is not read"))),
                }
            }
            Ok(())
        })
    }

    fn pause(&self, partitions: &[i32]) {
        // Nobody is told when it fails.
        let mut world = self.0.borrow_mut();
        if world.enter(Call::Pause) != Some(Twist::Busy) {
            partitions.iter().for_each(|number| world.pause(*number));
        }
    }

    fn resume(&self, partitions: &[i32]) {
        let mut world = self.0.borrow_mut();
        partitions.iter().for_each(|number| world.resume(*number));
    }

    fn committed(&self, partitions: &[i32], _: Duration) -> Result<Vec<Committed>, ConsumeFault> {
        self.call(Call::Committed, |world| {
            if partitions
                .iter()
                .any(|partition| world.brokers.is_unstable(*partition))
            {
                return Err(ConsumeFault::Passing(
                    "a transaction is about to commit".to_owned(),
                ));
            }
            let stored = |partition: &i32| {
                let found = world.brokers.committed.get(partition);
                Committed {
                    partition: *partition,
                    offset: found.map(|(next, _)| *next),
                    metadata: found.map(|(_, id)| id.clone()).unwrap_or_default(),
                }
            };
            Ok(partitions.iter().map(stored).collect())
        })
    }

    fn commit(&self, next: &[(i32, i64)], metadata: &str) {
        self.0.borrow_mut().brokers.commit_plainly(next, metadata);
    }

    fn store(&self, _: &[(i32, i64)]) {}

    fn positions(&self) -> Vec<(i32, i64)> {
        self.0.borrow_mut().positions()
    }

    fn watermarks(&self, partition: i32, _: Duration) -> Result<(i64, i64), ConsumeFault> {
        self.call(Call::Watermarks, |world| {
            Ok((
                world.brokers.low(partition),
                world.brokers.ends()[partition as usize],
            ))
        })
    }

    fn topic_id(&self, _: Duration) -> Result<String, ConsumeFault> {
        self.call(Call::TopicId, |world| Ok(world.brokers.topic_id.clone()))
    }

    fn group(&self) -> Option<u32> {
        let mut world = self.0.borrow_mut();
        match world.enter(Call::Group) {
            Some(Twist::Busy) => None,
            _ => Some(world.client.generation),
        }
    }
}
