//! What goes wrong, and at which call.

use std::collections::BTreeMap;

use crate::consumer::ConsumeFault;
use crate::fault::{self, Fault};

macro_rules! calls {
    ($($call:ident)*) => {
        /// A call that a worker makes of its clients and that can fail. Not among them: `resume`, `commit`, `store` and `positions`, which
        /// tell nobody of a failure and change nothing outside of the process, so that a crash at one of them is a crash at the next call.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Call {
            $($call,)*
        }

        impl Call {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$call,)*];
        }
    };
}

calls! {
    Poll Assign Unassign Seek Pause Committed TopicId Watermarks Group
    Open Begin Send Drain SendOffsets Commit Abort
}

/// Whether the brokers carried out what the call asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// The call failed on its way there.
    Not,
    /// Only the answer was lost.
    Yes,
    /// The request is under way and arrives so many calls later.
    Late(usize),
}

/// Something that happens at a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Twist {
    /// A call of the producer fails.
    Fault {
        fatal: bool,
        abort: bool,
        retriable: bool,
        code: i32,
        effect: Effect,
    },
    /// A call of the consumer fails.
    Consume(ConsumeFault, Effect),
    /// The process is gone.
    Crash(Effect),
    /// The queue is full, acknowledgements are missing, membership is not known, the partition is fetched on.
    Busy,
    /// The group throws the member out: its partitions are read by another from now on.
    Kick,
    /// The group takes these partitions.
    Revoke(Vec<i32>),
    /// Another process opens a producer of the same transactional id.
    Rival,
    /// The topic is deleted and made anew, with so many records in each partition.
    Renew(usize),
    /// The records of a partition before this offset are deleted.
    Retain(i32, i64),
    /// Positions are refused at every call until that one, as to somebody who may not write to a topic.
    Refused(usize),
    /// The process is told to stop.
    Stop,
}

/// What happens at which call, counted from 0.
#[derive(Debug, Clone, Default)]
pub struct Plan(pub BTreeMap<usize, Vec<Twist>>);

impl Plan {
    /// One thing at one call.
    pub fn at(call: usize, twist: Twist) -> Self {
        Self::default().and(call, twist)
    }

    /// And another one.
    pub fn and(mut self, call: usize, twist: Twist) -> Self {
        self.0.entry(call).or_default().push(twist);
        self
    }
}

impl Effect {
    /// Whether it happens at once.
    pub fn now(self) -> bool {
        self == Self::Yes
    }
}

impl Call {
    pub fn is_of_the_producer(self) -> bool {
        self.fault_call().is_some()
    }

    /// As the producer's faults name it.
    pub fn fault_call(self) -> Option<fault::Call> {
        Some(match self {
            Self::Open => fault::Call::Init,
            Self::Begin => fault::Call::Begin,
            Self::Send => fault::Call::Send,
            Self::Drain => fault::Call::Drain,
            Self::SendOffsets => fault::Call::SendOffsets,
            Self::Commit => fault::Call::Commit,
            Self::Abort => fault::Call::Abort,
            _ => return None,
        })
    }

    /// Every way in which this call may fail.
    pub fn failures(self) -> Vec<Twist> {
        let mut all = vec![
            Twist::Crash(Effect::Not),
            Twist::Crash(Effect::Yes),
            Twist::Stop,
        ];
        if matches!(self, Self::Send | Self::Drain | Self::Group | Self::Pause) {
            all.push(Twist::Busy);
        }
        if matches!(self, Self::SendOffsets | Self::Commit) {
            // It arrives when the process that sent it is gone: before the next one has opened its producer, and after.
            all.extend([0, 2].map(|calls| Twist::Crash(Effect::Late(calls))));
        }
        if self.is_of_the_producer() {
            for code in [Fault::TIMED_OUT, Fault::FENCED, 14] {
                for flags in 0..8_u8 {
                    for effect in [Effect::Not, Effect::Yes, Effect::Late(2), Effect::Late(9)] {
                        all.extend(self.fault(flags, code, effect));
                    }
                }
            }
            return all;
        }
        let passing = ConsumeFault::Passing("scripted".to_owned());
        let missing = ConsumeFault::NoTopic("scripted".to_owned());
        let faults = match self {
            Self::Group | Self::Pause => return all,
            Self::Poll => vec![passing, missing, ConsumeFault::OutOfRange],
            _ => vec![passing, missing],
        };
        for fault in faults {
            if self != Self::Poll {
                all.push(Twist::Consume(fault.clone(), Effect::Yes));
            }
            all.push(Twist::Consume(fault, Effect::Not));
        }
        let fatal = ConsumeFault::Fatal("scripted".to_owned());
        all.push(Twist::Consume(fatal, Effect::Not));
        all
    }

    /// Some of these ways, for plays in which something else has gone wrong already: every end of the process, and every so many of the
    /// producer's faults, which differ little then.
    pub fn some_failures(self, step: usize) -> Vec<Twist> {
        let (faults, others): (Vec<Twist>, Vec<Twist>) = self
            .failures()
            .into_iter()
            .partition(|twist| matches!(twist, Twist::Fault { .. }));
        others
            .into_iter()
            .chain(faults.into_iter().step_by(step))
            .collect()
    }

    /// A fault of this call with these flags, where brokers could answer so: a request that is still under way was given up by
    /// its caller. Who gave up positions may know that the transaction is to be aborted, who gave up its commit does not.
    fn fault(self, flags: u8, code: i32, effect: Effect) -> Option<Twist> {
        let (fatal, abort, retriable) = (flags & 4 != 0, flags & 2 != 0, flags & 1 != 0);
        let late = match self {
            Self::Commit => !abort,
            Self::SendOffsets => !abort || code == Fault::TIMED_OUT,
            _ => false,
        };
        let timed_out = code == Fault::TIMED_OUT || !retriable;
        if matches!(effect, Effect::Late(_)) && !(late && timed_out) {
            return None;
        }
        Some(Twist::Fault {
            fatal,
            abort,
            retriable,
            code,
            effect,
        })
    }
}
