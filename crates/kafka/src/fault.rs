//! What a call of a transaction may answer, and what becomes of it.

use std::fmt;

use rdkafka::error::{KafkaError, RDKafkaErrorCode};

/// A call that belongs to a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// Making the client.
    Create,
    /// `init_transactions`
    Init,
    /// `begin_transaction`
    Begin,
    /// `produce`
    Send,
    /// Waiting until every record is acknowledged.
    Drain,
    /// `send_offsets_to_transaction`
    SendOffsets,
    /// `commit_transaction`
    Commit,
    /// `abort_transaction`
    Abort,
}

/// A call that failed, with the three flags that librdkafka gives a transaction's errors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What was tried.
    pub call: Call,
    /// librdkafka's or the broker's error code.
    pub code: i32,
    /// Its sentence.
    pub text: String,
    /// The producer is of no use any more.
    pub fatal: bool,
    /// The transaction must be aborted; the producer stays.
    pub requires_abort: bool,
    /// The same call may be made again.
    pub retriable: bool,
}

/// What to do about a [`Fault`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Make the same call again.
    Repeat,
    /// Abort the transaction and read its records again.
    Abort,
    /// Drop the producer, make another with the same id, and ask the broker where to go on.
    Recreate,
}

impl Fault {
    /// "This call's time is up", and also "messages timed out": told apart by the abort flag alone.
    pub const TIMED_OUT: i32 = RDKafkaErrorCode::OperationTimedOut as i32;
    /// Another producer has the same transactional id, or the coordinator gave this one up.
    pub const FENCED: i32 = RDKafkaErrorCode::Fenced as i32;

    /// The table of outcomes. Flags come before codes, and the order of the questions matters: a timeout with the abort flag
    /// says that records were not delivered, one with the retriable flag that the outcome is unknown. But positions without an
    /// answer may arrive after an abort, and in the transaction that follows it: only a new epoch keeps them out.
    pub fn fate(&self) -> Fate {
        let unanswered = self.call == Call::SendOffsets && self.code == Self::TIMED_OUT;
        match (self.fatal, self.requires_abort, self.retriable) {
            (true, _, _) => Fate::Recreate,
            (false, true, _) if unanswered => Fate::Recreate,
            (false, true, _) => Fate::Abort,
            // A timeout of the call itself is not repeated: the request may still be on its way and hit the next transaction.
            (false, false, true) if self.code != Self::TIMED_OUT => Fate::Repeat,
            (false, false, _) => Fate::Recreate,
        }
    }

    /// Wraps what the client library answered.
    pub(crate) fn new(call: Call, error: &KafkaError) -> Self {
        match error {
            KafkaError::Transaction(error) => Self {
                call,
                code: error.code() as i32,
                text: error.string(),
                fatal: error.is_fatal(),
                requires_abort: error.txn_requires_abort(),
                retriable: error.is_retriable(),
            },
            other => Self {
                call,
                code: other.rdkafka_error_code().map_or(0, |code| code as i32),
                text: other.to_string(),
                fatal: other.rdkafka_error_code() == Some(RDKafkaErrorCode::Fatal),
                requires_abort: false,
                retriable: false,
            },
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flags = [
            (self.fatal, "fatal"),
            (self.requires_abort, "abort"),
            (self.retriable, "retriable"),
        ];
        write!(f, "{} failed: {} (code {}", self.call, self.text, self.code)?;
        for (set, name) in flags {
            if set {
                write!(f, ", {name}")?;
            }
        }
        f.write_str(")")
    }
}

impl std::error::Error for Fault {}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Call::Create => "create producer",
            Call::Init => "init_transactions",
            Call::Begin => "begin_transaction",
            Call::Send => "produce",
            Call::Drain => "drain",
            Call::SendOffsets => "send_offsets_to_transaction",
            Call::Commit => "commit_transaction",
            Call::Abort => "abort_transaction",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `flags` in this order: fatal, retriable, abort.
    fn check(code: i32, flags: (u8, u8, u8), expected: Fate) {
        let fault = Fault {
            call: Call::Commit,
            code,
            text: String::new(),
            fatal: flags.0 == 1,
            retriable: flags.1 == 1,
            requires_abort: flags.2 == 1,
        };
        assert_eq!(fault.fate(), expected, "{fault}");
    }

    #[test]
    fn what_real_brokers_answered_has_the_fate_that_kept_exactly_once() {
        check(Fault::FENCED, (1, 0, 0), Fate::Recreate); // same id elsewhere, or the coordinator was killed
        check(Fault::TIMED_OUT, (0, 0, 1), Fate::Abort); // records were not delivered in time
        check(Fault::TIMED_OUT, (0, 1, 0), Fate::Recreate); // the call's time is up: the outcome is unknown
        check(48, (1, 0, 0), Fate::Recreate); // invalid transaction state after a stop under load
        check(22, (0, 0, 1), Fate::Abort); // illegal generation: partitions went elsewhere
        check(25, (0, 0, 1), Fate::Abort); // unknown member: thrown out of the group
        check(14, (0, 1, 0), Fate::Repeat); // coordinator is loading
        check(0, (0, 0, 0), Fate::Recreate); // anything that nobody classified
        check(14, (1, 1, 1), Fate::Recreate); // fatal comes before every other flag
        check(14, (0, 1, 1), Fate::Abort); // and abort before retriable
    }
}
