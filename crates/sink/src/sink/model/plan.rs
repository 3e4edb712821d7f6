//! What may go wrong, and at which calls.

/// A call that a sink makes of the world around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    Poll,
    Assign,
    Unassign,
    Seek,
    TopicId,
    Watermarks,
    Claim,
    Commit,
}

/// What happens at one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Twist {
    /// It fails, having done nothing.
    Fails,
    /// It does its work, or half of it, and says that it failed.
    WorksAndFails,
    /// It says that it failed, and does its work a while later.
    FailsAndWorks,
    /// It fails for good.
    Refused,
    /// It takes a while to do its work.
    Slow,
    /// It does its work at once and takes a while to say so.
    SlowAnswer,
    /// The process is killed before the call reaches anybody.
    KilledBefore,
    /// The process is killed when the call has done its work.
    KilledAfter,
    /// The process is told to end, and drains.
    Drained,
    /// A partition's position is reported to lie outside of its log, and the partition is not fetched until it is sought.
    OutOfRange,
    /// The topic is reported to be missing.
    NoTopic,
    /// A rebalance that changes nothing for this member.
    NothingNew,
    /// All partitions are taken away and given back.
    Bounced,
    /// The same, when the group had thrown this member out.
    LostAndBack,
    /// One partition is taken away and given back.
    OneBounced,
    /// One partition goes to another member once this one lets it go.
    HandedOver,
    /// One partition goes to another member at once, and this one hears of it later.
    Stolen,
    /// The same, while this process stands still.
    StolenInSleep,
    /// Somebody outside of the group claims a partition and stores nothing.
    Claimed,
    /// Somebody outside of the group claims a partition and stores its next record.
    ClaimedAndStored,
}

impl Twist {
    pub const ALL: &[Self] = &[
        Self::Fails,
        Self::WorksAndFails,
        Self::FailsAndWorks,
        Self::Refused,
        Self::Slow,
        Self::SlowAnswer,
        Self::KilledBefore,
        Self::KilledAfter,
        Self::Drained,
        Self::OutOfRange,
        Self::NoTopic,
        Self::NothingNew,
        Self::Bounced,
        Self::LostAndBack,
        Self::OneBounced,
        Self::HandedOver,
        Self::Stolen,
        Self::StolenInSleep,
        Self::Claimed,
        Self::ClaimedAndStored,
    ];

    /// Whether it may happen at such a call.
    pub fn befalls(self, call: Call) -> bool {
        use Call::{Claim, Commit, Poll, Seek};
        match self {
            Self::WorksAndFails => matches!(call, Seek | Claim | Commit),
            Self::FailsAndWorks | Self::Slow | Self::SlowAnswer => matches!(call, Claim | Commit),
            Self::OutOfRange | Self::NoTopic => call == Poll,
            Self::Fails
            | Self::Refused
            | Self::KilledBefore
            | Self::KilledAfter
            | Self::Drained
            | Self::NothingNew
            | Self::Bounced
            | Self::LostAndBack
            | Self::OneBounced
            | Self::HandedOver
            | Self::Stolen
            | Self::StolenInSleep
            | Self::Claimed
            | Self::ClaimedAndStored => true,
        }
    }

    /// Whether it happens to the call itself, and not beside it.
    pub fn is_of_the_call(self) -> bool {
        matches!(
            self,
            Self::Fails
                | Self::WorksAndFails
                | Self::FailsAndWorks
                | Self::Refused
                | Self::Slow
                | Self::SlowAnswer
                | Self::KilledBefore
                | Self::KilledAfter
                | Self::OutOfRange
                | Self::NoTopic
        )
    }
}
