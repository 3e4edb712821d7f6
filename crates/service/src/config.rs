//! The room of this crate: what every service has.

use std::net::SocketAddr;
use std::time::Duration;

use serde::Deserialize;
use settings::{Fallback, Reading, Variable};

use crate::logs::{LogFormat, LogLevel};

/// The variables of every service.
pub const VARIABLES: &[Variable] = &[ADMIN_ADDR, LOG_FORMAT, LOG_LEVEL, SHUTDOWN_DEADLINE_MS];

pub(crate) const ADMIN_ADDR: Variable = Variable::new(
    "ADMIN_ADDR",
    "address:port",
    Fallback::Value("0.0.0.0:8080"),
    "where /metrics, /livez and /readyz are served; port 0 picks a free one and logs it",
);

const LOG_FORMAT: Variable = Variable::new(
    "LOG_FORMAT",
    "json or pretty",
    Fallback::Unset,
    "how log lines on stderr look; unset means pretty on a terminal and json elsewhere",
);

const LOG_LEVEL: Variable = Variable::new(
    "LOG_LEVEL",
    "level, target=level, ...",
    Fallback::Value("info"),
    "lowest level logged (off, error, warn, info, debug, trace), also per module, as in \
     info,kafka=debug",
);

const SHUTDOWN_DEADLINE_MS: Variable = Variable::new(
    "SHUTDOWN_DEADLINE_MS",
    "milliseconds",
    Fallback::Value("25000"),
    "longest drain after SIGTERM or SIGINT; keep it below the orchestrator's grace period",
);

/// What the process itself is told.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the admin server listens.
    pub admin_addr: SocketAddr,
    /// How log lines look; without a choice, as [`LogFormat::for_stderr`] says.
    pub log_format: Option<LogFormat>,
    /// What is logged.
    pub log_level: LogLevel,
    /// How long draining may take.
    pub shutdown_deadline: Duration,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Room {
    admin_addr: Option<String>,
    log_format: Option<String>,
    log_level: Option<String>,
    shutdown_deadline_ms: Option<String>,
}

impl Config {
    /// Reads the room.
    pub fn read(reading: &mut Reading<'_>) -> Option<Self> {
        let room: Room = reading.room("");
        let admin_addr = reading.parse(&ADMIN_ADDR, room.admin_addr);
        let log_format = reading.optional(&LOG_FORMAT, room.log_format);
        let log_level = reading.parse(&LOG_LEVEL, room.log_level);
        let deadline_ms = reading.within(
            &SHUTDOWN_DEADLINE_MS,
            room.shutdown_deadline_ms,
            1..=3_600_000,
        );
        Some(Self {
            admin_addr: admin_addr?,
            log_format: log_format?,
            log_level: log_level?,
            shutdown_deadline: Duration::from_millis(deadline_ms?),
        })
    }
}

#[cfg(test)]
mod tests {
    use settings::{Environment, Problems};

    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Config, Problems> {
        let environment: Environment = variables.iter().copied().collect();
        let mut reading = Reading::new(&environment);
        let config = Config::read(&mut reading);
        reading
            .finish(config, &[VARIABLES], &[])
            .map(|(config, _)| config)
    }

    #[test]
    fn an_empty_environment_gives_the_documented_defaults() {
        let config = read(&[]).expect("a configuration");
        assert_eq!(config.admin_addr, SocketAddr::from(([0, 0, 0, 0], 8080)));
        assert_eq!(config.log_format, None);
        assert_eq!(config.shutdown_deadline, Duration::from_secs(25));
    }

    #[test]
    fn every_bad_value_is_named_with_what_would_be_accepted() {
        let problems = read(&[
            ("ADMIN_ADDR", "8080"),
            ("LOG_FORMAT", "xml"),
            ("LOG_LEVEL", "loud"),
            ("SHUTDOWN_DEADLINE_MS", "0"),
        ])
        .expect_err("four problems");
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        let expected = [
            "ADMIN_ADDR=\"8080\": expected an address and a port, as 0.0.0.0:8080 or [::]:8080",
            "LOG_FORMAT=\"xml\": expected json or pretty",
            "LOG_LEVEL=\"loud\": expected off, error, warn, info, debug or trace, also for a target as in info,kafka=debug",
            "SHUTDOWN_DEADLINE_MS=\"0\": expected a whole number from 1 to 3600000",
        ];
        assert_eq!(lines, expected);
    }
}
