//! What is done to the system, one scenario each. All have one face: a stage is set, services are
//! started, something happens to them, and in the end the books are checked.

mod blows;
mod brokers_last;
mod course;
mod exactly_once;
mod outage;
mod recreated;
mod rivals;
mod steady;
mod strike;
mod tampered;
mod wrong_password;

use crate::bench::Bench;
use crate::failure::Outcome;

/// Something that is done to the system.
#[derive(Clone, Copy)]
pub struct Scenario {
    /// What `--only` calls it.
    pub name: &'static str,
    /// What happens, and what must hold.
    pub about: &'static str,
    /// Runs it.
    pub run: fn(&Bench) -> Outcome,
}

/// All of them, in the order of a run.
pub const ALL: &[Scenario] = &[
    Scenario {
        name: exactly_once::NAME,
        about: "a backlog of 200,000; every consumer terminated twice and killed once, a second detector joins and leaves: every payment in one table",
        run: exactly_once::run,
    },
    Scenario {
        name: steady::NAME,
        about: "5,000 payments a second for 30 s: memory, CPU and latency of each service",
        run: steady::run,
    },
    Scenario {
        name: outage::DATABASE,
        about: "MySQL is killed for 20 s (with --long two minutes, and frozen for as long)",
        run: outage::database_away,
    },
    Scenario {
        name: outage::BROKERS_AWAY,
        about: "all brokers are frozen for 20 s (with --long two minutes, and killed for as long)",
        run: outage::brokers_away,
    },
    Scenario {
        name: recreated::PAYMENTS,
        about: "the topic of payments is removed and made anew under the services",
        run: recreated::payments,
    },
    Scenario {
        name: recreated::OUTPUT,
        about: "the topic of legitimate payments is removed and made anew under the services",
        run: recreated::output,
    },
    Scenario {
        name: rivals::NAME,
        about: "two detectors with one DETECTOR_INSTANCE: one ends and says why, nothing is doubled",
        run: rivals::run,
    },
    Scenario {
        name: wrong_password::NAME,
        about: "processors with a wrong password end with a sentence that does not hold it",
        run: wrong_password::run,
    },
    Scenario {
        name: tampered::NAME,
        about: "topics and tables are spoilt by hand in every way: the checker finds each, and nothing else",
        run: tampered::run,
    },
    Scenario {
        name: brokers_last::NAME,
        about: "200,000, and the brokers come last: then the same blows as in exactly-once",
        run: brokers_last::run,
    },
];
