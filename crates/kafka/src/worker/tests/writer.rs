//! The scripted producer. It has librdkafka's manners: after a fatal error it answers nothing else until it is made anew, after an
//! abortable one it does nothing but abort.

use super::brokers::{Late, Source};
use super::plan::{Call, Effect, Twist};
use super::world::{Shared, World};
use crate::fault::Fault;
use crate::transaction::{Handed, Outgoing, Produce};

/// A producer of the model.
pub struct Writer {
    world: Shared,
    epoch: Option<u32>,
    /// Sent, and not on the brokers yet.
    queue: Vec<Source>,
    in_transaction: bool,
    /// The brokers ended the open transaction, whatever the answer was.
    ended: Option<Ended>,
    /// What a failure left behind.
    broken: Option<Fault>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    Committed,
    Aborted,
}

impl Writer {
    pub fn new(world: Shared) -> Self {
        Self {
            world,
            epoch: None,
            queue: Vec::new(),
            in_transaction: false,
            ended: None,
            broken: None,
        }
    }

    /// Makes a call: its effect happens or not, and it answers as the plan says.
    fn call<T>(
        &mut self,
        call: Call,
        effect: impl FnOnce(&mut Self, &mut World) -> Result<T, Fault>,
        late: Option<Late>,
    ) -> Result<T, Fault> {
        let shared = self.world.clone();
        let mut world = shared.borrow_mut();
        if world.crashed {
            return Err(fault(call, (true, false, false), 0));
        }
        let twist = world.enter(call);
        let broken = self
            .broken
            .as_ref()
            .filter(|broken| call != Call::Open && (broken.fatal || call != Call::Abort));
        if let Some(broken) = broken {
            return Err(broken.clone());
        }
        let (answer, happens) = match twist {
            Some(Twist::Fault {
                fatal,
                abort,
                retriable,
                code,
                effect,
            }) => (fault(call, (fatal, abort, retriable), code), effect),
            Some(Twist::Crash(effect)) => (fault(call, (true, false, false), 0), effect),
            _ => {
                let outcome = effect(self, &mut world);
                self.remember(outcome.as_ref().err());
                return outcome;
            }
        };
        match (happens, late) {
            (Effect::Yes, _) => drop(effect(self, &mut world)),
            (Effect::Late(calls), Some(late)) => {
                let until = world.calls.len() + calls;
                world.brokers.send_later(until, late);
            }
            _ => {}
        }
        self.remember(Some(&answer));
        Err(answer)
    }

    fn remember(&mut self, fault: Option<&Fault>) {
        if let Some(fault) = fault.filter(|fault| fault.fatal || fault.requires_abort) {
            self.broken = Some(fault.clone());
        }
    }

    /// Whether the brokers still know this producer.
    fn check_epoch(&self, call: Call, world: &World) -> Result<u32, Fault> {
        match self.epoch {
            Some(epoch) if epoch == world.brokers.epoch => Ok(epoch),
            _ => Err(fault(call, (true, false, false), Fault::FENCED)),
        }
    }

    fn check_drained(&self, what: &str, world: &mut World) {
        if !self.queue.is_empty() {
            world.violations.push(format!("{what} before the drain"));
        }
    }
}

fn fault(call: Call, (fatal, requires_abort, retriable): (bool, bool, bool), code: i32) -> Fault {
    Fault {
        call: call.fault_call().expect("a call of the producer"),
        code,
        text: "scripted".to_owned(),
        fatal,
        requires_abort,
        retriable,
    }
}

impl Produce<u32> for Writer {
    fn serve(&mut self) {}

    fn open(&mut self) -> Result<(), Fault> {
        let open = |writer: &mut Self, world: &mut World| {
            world.brokers.new_epoch();
            writer.epoch = Some(world.brokers.epoch);
            writer.queue.clear();
            writer.in_transaction = false;
            writer.broken = None;
            Ok(())
        };
        self.call(Call::Open, open, None)
    }

    fn begin(&mut self) -> Result<(), Fault> {
        let begin = |writer: &mut Self, world: &mut World| {
            if writer.in_transaction {
                world
                    .violations
                    .push("begin inside of a transaction".to_owned());
            }
            writer.in_transaction = true;
            writer.ended = None;
            Ok(())
        };
        self.call(Call::Begin, begin, None)
    }

    fn send(&mut self, record: Outgoing<'_>) -> Result<Handed, Fault> {
        let text = std::str::from_utf8(record.payload.expect("a payload")).expect("text");
        let mut words = text.split(' ');
        let source = (
            words.next().expect("an id").to_owned(),
            words
                .next()
                .expect("a partition")
                .parse()
                .expect("a partition"),
            words.next().expect("an offset").parse().expect("an offset"),
        );
        let next = self.world.borrow().calls.len();
        let full = self.world.borrow().is_busy_at(next);
        let send = |writer: &mut Self, world: &mut World| {
            if !writer.in_transaction {
                world
                    .violations
                    .push("send outside of a transaction".to_owned());
            }
            if full {
                return Ok(Handed::Full);
            }
            // Batches leave by themselves: only the newest record waits.
            if writer.epoch == Some(world.brokers.epoch) && !writer.queue.is_empty() {
                let open = world.brokers.open.get_or_insert_default();
                open.records.append(&mut writer.queue);
            }
            writer.queue.push(source);
            Ok(Handed::Queued)
        };
        self.call(Call::Send, send, None)
    }

    fn drain(&mut self) -> Result<bool, Fault> {
        let next = self.world.borrow().calls.len();
        let slow = self.world.borrow().is_busy_at(next);
        let drain = |writer: &mut Self, world: &mut World| {
            writer.check_epoch(Call::Drain, world)?;
            if slow {
                return Ok(false);
            }
            if !writer.queue.is_empty() {
                let open = world.brokers.open.get_or_insert_default();
                open.records.append(&mut writer.queue);
            }
            Ok(true)
        };
        self.call(Call::Drain, drain, None)
    }

    fn send_offsets(
        &mut self,
        _: &str,
        next: &[(i32, i64)],
        metadata: &str,
        group: u32,
    ) -> Result<(), Fault> {
        let late = self.epoch.map(|epoch| Late::Positions {
            epoch,
            generation: group,
            positions: next.to_vec(),
            metadata: metadata.to_owned(),
        });
        let send = |writer: &mut Self, world: &mut World| {
            writer.check_drained("positions", world);
            writer.check_epoch(Call::SendOffsets, world)?;
            if group != world.group.generation {
                return Err(fault(Call::SendOffsets, (false, true, false), 22));
            }
            let open = world.brokers.open.get_or_insert_default();
            (open.positions, open.metadata) = (next.to_vec(), metadata.to_owned());
            Ok(())
        };
        self.call(Call::SendOffsets, send, late)
    }

    fn commit(&mut self) -> Result<(), Fault> {
        let late = self.epoch.map(|epoch| Late::Commit { epoch });
        let commit = |writer: &mut Self, world: &mut World| {
            writer.check_drained("commit", world);
            writer.check_epoch(Call::Commit, world)?;
            if !writer.in_transaction {
                world
                    .violations
                    .push("commit outside of a transaction".to_owned());
            }
            world.brokers.commit();
            writer.ended = Some(Ended::Committed);
            writer.in_transaction = false;
            Ok(())
        };
        let was = self.in_transaction;
        let outcome = self.call(Call::Commit, commit, late);
        // A client that was told of a failure believes that it is still in its transaction.
        self.in_transaction = was && outcome.is_err();
        outcome
    }

    fn abort(&mut self) -> Result<(), Fault> {
        let abort = |writer: &mut Self, world: &mut World| {
            writer.check_epoch(Call::Abort, world)?;
            if writer.ended == Some(Ended::Committed) {
                return Err(fault(Call::Abort, (true, false, false), 48));
            }
            if !writer.in_transaction {
                return Err(fault(Call::Abort, (false, false, false), -172));
            }
            world.brokers.open = None;
            writer.queue.clear();
            writer.in_transaction = false;
            writer.ended = Some(Ended::Aborted);
            writer.broken = None;
            Ok(())
        };
        self.call(Call::Abort, abort, None)
    }
}
