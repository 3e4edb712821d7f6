//! What can happen to the system.

use std::fmt;
use std::ops::RangeInclusive;

use e2e::service::Service;

/// A kind of fault, with whom it befalls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Ended on the spot.
    Kill(Service),
    /// Frozen for longer than a session and a transaction last, while another one takes over, and back as a zombie.
    Freeze(Service),
    /// Asked to end.
    Terminate(Service),
    /// Replaced one after the other, as an upgrade does.
    Roll(Service),
    /// One, three, one.
    Scale(Service),
    /// Any broker is ended on the spot.
    BrokerKilled,
    /// The one that keeps the detector's transactions.
    TransactionCoordinatorKilled,
    /// The one that keeps the detector's group.
    GroupCoordinatorKilled,
    /// Two of three: neither quorum nor enough copies are left.
    TwoBrokersKilled,
    /// Any broker is frozen.
    BrokerPaused,
    /// A broker is away, and the topics want three copies.
    TooFewReplicas,
    /// No packet passes between a service and one broker.
    CutFromBroker(Service),
    /// No packet passes between a service and all brokers.
    CutFromBrokers(Service),
    /// No packet passes between a service and MySQL.
    CutFromDatabase(Service),
    /// MySQL is ended on the spot.
    DatabaseKilled,
    /// MySQL is frozen.
    DatabasePaused,
    /// MySQL ends in good order and comes back.
    DatabaseRestarted,
    /// The connection breaks at COMMIT, and the server never sees it.
    CommitLost,
    /// The connection breaks at COMMIT, and the server has done it.
    CommitUnanswered,
    /// A batch and somebody else want what the other one has.
    Deadlock,
    /// Payments whose timestamps, dates and times are hours off.
    HoursOff,
    /// A burst of records that nobody can read.
    Poison,
    /// Nobody listens where alerts go.
    WebhookDown,
    /// Alerts are answered slowly, and in time.
    WebhookSlow,
    /// Alerts are answered with status 500.
    WebhookError,
    /// Alerts are answered after the timeout.
    WebhookLate,
}

/// What two faults at a time must not share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Service(Service),
    Brokers,
    Database,
    Traffic,
    Webhook,
}

/// A fault that is going to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// What happens.
    pub kind: Kind,
    /// How long it is held.
    pub seconds: u64,
    /// Decides whom it befalls where there is a choice.
    pub dice: usize,
}

impl Kind {
    /// All of them.
    pub fn all() -> Vec<Self> {
        let mut all = vec![
            Self::BrokerKilled,
            Self::TransactionCoordinatorKilled,
            Self::GroupCoordinatorKilled,
            Self::TwoBrokersKilled,
            Self::BrokerPaused,
            Self::TooFewReplicas,
            Self::CutFromDatabase(Service::Fraud),
            Self::CutFromDatabase(Service::Legit),
            Self::DatabaseKilled,
            Self::DatabasePaused,
            Self::DatabaseRestarted,
            Self::CommitLost,
            Self::CommitUnanswered,
            Self::Deadlock,
            Self::HoursOff,
            Self::Poison,
            Self::WebhookDown,
            Self::WebhookSlow,
            Self::WebhookError,
            Self::WebhookLate,
        ];
        let to_all = [
            Self::Kill,
            Self::Freeze,
            Self::Terminate,
            Self::Roll,
            Self::CutFromBroker,
            Self::CutFromBrokers,
        ];
        for kind in to_all {
            all.extend(Service::ALL.map(kind));
        }
        all.extend(Service::CONSUMERS.map(Self::Scale));
        all
    }

    /// How long it is held, in seconds. 0 is a fault that is over as soon as it has happened.
    pub const fn seconds(self) -> RangeInclusive<u64> {
        match self {
            Self::Kill(_) | Self::Terminate(_) => 1..=8,
            // Sessions end after 15 s, transactions and locks after 10 s.
            Self::Freeze(_) => 25..=40,
            Self::Scale(_) => 8..=15,
            Self::BrokerKilled
            | Self::TransactionCoordinatorKilled
            | Self::GroupCoordinatorKilled => 5..=20,
            Self::TwoBrokersKilled | Self::TooFewReplicas => 10..=20,
            Self::BrokerPaused | Self::CutFromBroker(_) => 15..=30,
            Self::CutFromBrokers(_) => 10..=40,
            Self::CutFromDatabase(_) | Self::DatabasePaused => 10..=30,
            Self::DatabaseKilled => 3..=20,
            Self::WebhookDown | Self::WebhookSlow | Self::WebhookError | Self::WebhookLate => {
                8..=20
            }
            Self::Roll(_)
            | Self::DatabaseRestarted
            | Self::CommitLost
            | Self::CommitUnanswered
            | Self::Deadlock
            | Self::HoursOff
            | Self::Poison => 0..=0,
        }
    }

    /// Whether it is there for a while, whatever the dice say.
    pub fn lasts(self) -> bool {
        *self.seconds().start() > 0
    }

    /// Whether both may happen at once. What one of them does must not undo the other.
    pub fn goes_with(self, other: Self) -> bool {
        let others = other.parts();
        !self.parts().iter().any(|part| others.contains(part))
    }

    /// Whether it befalls brokers or MySQL: another service may then find nobody to commit to at its end.
    pub fn strikes_servers(self) -> bool {
        let parts = self.parts();
        let servers = [Part::Brokers, Part::Database];
        self.service().is_none() && servers.iter().any(|part| parts.contains(part))
    }

    fn parts(self) -> Vec<Part> {
        match self {
            Self::Kill(service)
            | Self::Freeze(service)
            | Self::Terminate(service)
            | Self::Roll(service)
            | Self::Scale(service)
            | Self::CutFromBroker(service)
            | Self::CutFromBrokers(service) => vec![Part::Service(service)],
            Self::CutFromDatabase(service) => vec![Part::Service(service), Part::Database],
            Self::BrokerKilled
            | Self::TransactionCoordinatorKilled
            | Self::GroupCoordinatorKilled
            | Self::TwoBrokersKilled
            | Self::BrokerPaused
            | Self::TooFewReplicas => vec![Part::Brokers],
            Self::DatabaseKilled | Self::DatabasePaused | Self::DatabaseRestarted => {
                vec![Part::Database]
            }
            // They wait for a COMMIT, so whoever commits, and what comes to him, has to be well.
            Self::CommitLost | Self::CommitUnanswered | Self::Deadlock => vec![
                Part::Database,
                Part::Brokers,
                Part::Service(Service::Detector),
                Part::Service(Service::Fraud),
                Part::Service(Service::Legit),
            ],
            Self::HoursOff | Self::Poison => vec![Part::Traffic],
            Self::WebhookDown | Self::WebhookSlow | Self::WebhookError | Self::WebhookLate => {
                vec![Part::Webhook, Part::Service(Service::Fraud)]
            }
        }
    }

    const fn verb(self) -> &'static str {
        match self {
            Self::Kill(_) => "kill",
            Self::Freeze(_) => "freeze",
            Self::Terminate(_) => "terminate",
            Self::Roll(_) => "roll",
            Self::Scale(_) => "scale",
            Self::BrokerKilled => "broker-killed",
            Self::TransactionCoordinatorKilled => "transaction-coordinator-killed",
            Self::GroupCoordinatorKilled => "group-coordinator-killed",
            Self::TwoBrokersKilled => "two-brokers-killed",
            Self::BrokerPaused => "broker-paused",
            Self::TooFewReplicas => "too-few-replicas",
            Self::CutFromBroker(_) => "cut-from-one-broker",
            Self::CutFromBrokers(_) => "cut-from-all-brokers",
            Self::CutFromDatabase(_) => "cut-from-mysql",
            Self::DatabaseKilled => "mysql-killed",
            Self::DatabasePaused => "mysql-paused",
            Self::DatabaseRestarted => "mysql-restarted",
            Self::CommitLost => "commit-lost",
            Self::CommitUnanswered => "commit-unanswered",
            Self::Deadlock => "deadlock",
            Self::HoursOff => "hours-off",
            Self::Poison => "poison",
            Self::WebhookDown => "webhook-down",
            Self::WebhookSlow => "webhook-slow",
            Self::WebhookError => "webhook-error",
            Self::WebhookLate => "webhook-late",
        }
    }

    const fn service(self) -> Option<Service> {
        match self {
            Self::Kill(service)
            | Self::Freeze(service)
            | Self::Terminate(service)
            | Self::Roll(service)
            | Self::Scale(service)
            | Self::CutFromBroker(service)
            | Self::CutFromBrokers(service)
            | Self::CutFromDatabase(service) => Some(service),
            _ => None,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.verb())?;
        match self.service() {
            Some(service) => write!(f, ":{service}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.seconds {
            0 => self.kind.fmt(f),
            seconds => write!(f, "{} for {seconds} s", self.kind),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_kind_has_a_name_of_its_own() {
        let all = Kind::all();
        let names: BTreeSet<String> = all.iter().map(Kind::to_string).collect();
        assert_eq!(names.len(), all.len());
        assert!(names.contains("kill:fraud-detector"));
    }

    #[test]
    fn servers_are_struck_and_not_those_who_are_cut_off_from_them() {
        assert!(Kind::BrokerPaused.strikes_servers());
        assert!(!Kind::CutFromDatabase(Service::Legit).strikes_servers());
    }

    #[test]
    fn no_fault_goes_with_one_of_the_same_part() {
        for kind in Kind::all() {
            assert!(!kind.goes_with(kind), "{kind}");
        }
        assert!(Kind::BrokerKilled.goes_with(Kind::Kill(Service::Detector)));
        assert!(!Kind::DatabaseKilled.goes_with(Kind::CutFromDatabase(Service::Legit)));
    }
}
