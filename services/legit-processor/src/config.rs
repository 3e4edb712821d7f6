//! The legit-processor's configuration.

use kafka::{Creation, Role};
use service::clock;
use settings::{Reading, Variable};

const GROUP_ID: Variable = sink::group_variable("legit-processor");

/// What the legit-processor is told: no more than what a sink needs.
#[derive(Debug, Clone)]
pub struct Config(pub sink::Config);

impl Config {
    /// The variables of this service, room by room.
    pub const ROOMS: &[&[Variable]] = &[
        store::VARIABLES,
        sink::Config::VARIABLES,
        &[GROUP_ID],
        kafka::Config::VARIABLES,
        &[Role::Legit.variable()],
        Creation::VARIABLES,
    ];

    /// Reads every room; `None` when a problem was noted.
    pub fn read(reading: &mut Reading<'_>) -> Option<Self> {
        sink::Config::read(reading, &GROUP_ID, Role::Legit, clock::now_ms).map(Self)
    }
}
