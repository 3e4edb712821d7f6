//! The fraud-processor's configuration.

use kafka::{Creation, Role};
use service::clock;
use settings::{Reading, Variable};

use crate::endpoint::Endpoint;

const GROUP_ID: Variable = sink::group_variable("fraud-processor");

/// What the fraud-processor is told.
#[derive(Debug, Clone)]
pub struct Config {
    /// What is stored, and where.
    pub sink: sink::Config,
    /// Who is told of alerts; `None` leaves it at storing and logging them.
    pub webhook: Option<Endpoint>,
}

impl Config {
    /// The variables of this service, room by room.
    pub const ROOMS: &[&[Variable]] = &[
        Endpoint::VARIABLES,
        store::VARIABLES,
        sink::Config::VARIABLES,
        &[GROUP_ID],
        kafka::Config::VARIABLES,
        &[Role::Fraud.variable()],
        Creation::VARIABLES,
    ];

    /// Reads every room; `None` when a problem was noted.
    pub fn read(reading: &mut Reading<'_>) -> Option<Self> {
        let webhook = Endpoint::read(reading);
        let sink = sink::Config::read(reading, &GROUP_ID, Role::Fraud, clock::now_ms);
        Some(Self {
            sink: sink?,
            webhook: webhook?,
        })
    }
}

#[cfg(test)]
mod tests {
    use settings::Environment;

    use super::*;

    #[test]
    fn the_problems_of_every_room_are_named_at_once() {
        let environment = Environment::from_iter([
            ("ALERT_WEBHOOK_URL", "hunter2"),
            ("DATABASE_URL", "sqlite:"),
            ("SINK_BATCH_RECORDS", "0"),
        ]);
        let mut reading = Reading::new(&environment);
        let config = Config::read(&mut reading);
        let problems = reading.finish(config, Config::ROOMS, &[]).unwrap_err();
        let names: Vec<&str> = problems.iter().map(settings::Problem::name).collect();
        assert_eq!(
            names,
            ["ALERT_WEBHOOK_URL", "DATABASE_URL", "SINK_BATCH_RECORDS"]
        );
    }
}
