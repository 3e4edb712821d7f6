//! The producer's configuration.

use chrono::DateTime;
use chrono_tz::Tz;
use kafka::{Creation, Role, Topic};
use serde::Deserialize;
use settings::{Fallback, FromText, Reading, Variable};

use crate::generator::Format;
use crate::hold::Hold;

const RATE_PER_SECOND: Variable = Variable::new(
    "PRODUCER_RATE_PER_SECOND",
    "payments per second",
    Fallback::Value("0.667"),
    "payments produced per second, fractions allowed; late payments are sent late, never skipped",
);
const COUNT: Variable = Variable::new(
    "PRODUCER_COUNT",
    "count",
    Fallback::Value("0"),
    "payments to produce before the service idles; 0: unlimited",
);
const SEED: Variable = Variable::new(
    "PRODUCER_SEED",
    "whole number",
    Fallback::Unset,
    "seed of the generated payments; unset: random at each start",
);
const START_TIME: Variable = Variable::new(
    "PRODUCER_START_TIME",
    "time, RFC 3339",
    Fallback::Unset,
    "when the first payment happens (brokers delete records older than the topic keeps); unset: now; with a seed every byte is reproducible",
);
const TIME_ZONE: Variable = Variable::new(
    "PRODUCER_TIME_ZONE",
    "IANA name",
    Fallback::Value("Asia/Seoul"),
    "zone of the payments' DATE and TIME",
);
const FORMAT: Variable = Variable::new(
    "PRODUCER_FORMAT",
    "full or legacy",
    Fallback::Value("full"),
    "legacy: only the five fields of the original kafka-python producer, byte for byte and without a key",
);
const ACCOUNTS: Variable = Variable::new(
    "PRODUCER_ACCOUNTS",
    "count",
    Fallback::Value("1000"),
    "number of paying accounts",
);

/// What the producer is told.
#[derive(Debug, Clone)]
pub struct Config {
    /// How to reach the brokers.
    pub kafka: kafka::Config,
    /// Where payments go.
    pub payments: Topic,
    /// How a missing topic is made.
    pub creation: Creation,
    /// Payments a second, more than 0.
    pub rate_per_second: f64,
    /// So many payments and no more; 0 means without end.
    pub count: u64,
    /// Decides every payment; `None` draws one.
    pub seed: Option<u64>,
    /// When the first payment happens, milliseconds since the epoch; `None` means now.
    pub start_ms: Option<i64>,
    /// Zone of DATE and TIME.
    pub time_zone: Tz,
    /// Which fields are written.
    pub format: Format,
    /// How many accounts pay.
    pub accounts: u32,
    /// Lets the host of an embedded cluster, which keeps little, hold payments back. No variable sets it.
    pub hold: Hold,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Room {
    rate_per_second: Option<String>,
    count: Option<String>,
    seed: Option<String>,
    start_time: Option<String>,
    time_zone: Option<String>,
    format: Option<String>,
    accounts: Option<String>,
}

impl Config {
    /// The variables of this service, room by room.
    pub const ROOMS: &[&[Variable]] = &[
        &[
            RATE_PER_SECOND,
            COUNT,
            SEED,
            START_TIME,
            TIME_ZONE,
            FORMAT,
            ACCOUNTS,
        ],
        kafka::Config::VARIABLES,
        &[Role::Payments.variable()],
        Creation::VARIABLES,
    ];

    /// Reads every room; `None` when a problem was noted.
    pub fn read(reading: &mut Reading<'_>) -> Option<Self> {
        let kafka = kafka::Config::read(reading);
        let payments = Role::Payments.read(reading);
        let creation = Creation::read(reading);
        let room: Room = reading.room("PRODUCER_");
        let rate_per_second =
            reading.within(&RATE_PER_SECOND, room.rate_per_second, 0.001..=1_000_000.0);
        let count = reading.parse(&COUNT, room.count);
        let seed = reading.optional(&SEED, room.seed);
        let start_time = reading.optional::<StartTime>(&START_TIME, room.start_time);
        let time_zone = reading.parse::<Zone>(&TIME_ZONE, room.time_zone);
        let format = reading.parse(&FORMAT, room.format);
        let accounts = reading.within(&ACCOUNTS, room.accounts, 1..=100_000_000);
        Some(Self {
            kafka: kafka?,
            payments: payments?,
            creation: creation?,
            rate_per_second: rate_per_second?,
            count: count?,
            seed: seed?,
            start_ms: start_time?.map(|StartTime(millis)| millis),
            time_zone: time_zone?.0,
            format: format?,
            accounts: accounts?,
            hold: Hold::default(),
        })
    }
}

/// A moment that Kafka can stamp a record with, in milliseconds since the epoch.
struct StartTime(i64);

impl FromText for StartTime {
    const EXPECTED: &'static str = "a time after 1970 and before 9999 with its offset, as 2026-01-28T14:03:07+09:00 or 2026-01-28T05:03:07Z";

    fn from_text(text: &str) -> Option<Self> {
        let millis = DateTime::parse_from_rfc3339(text.trim())
            .ok()?
            .timestamp_millis();
        // 0 would mean "now" to Kafka's client, and the wire's calendar ends with 9999.
        (1..253_370_764_800_000)
            .contains(&millis)
            .then_some(Self(millis))
    }
}

struct Zone(Tz);

impl FromText for Zone {
    const EXPECTED: &'static str = "a time zone's IANA name, as Asia/Seoul or UTC";

    fn from_text(text: &str) -> Option<Self> {
        text.trim().parse().ok().map(Self)
    }
}

impl FromText for Format {
    const EXPECTED: &'static str = "full or legacy";

    fn from_text(text: &str) -> Option<Self> {
        match text.trim().to_ascii_lowercase().as_str() {
            "full" => Some(Self::Full),
            "legacy" => Some(Self::Legacy),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use settings::Environment;

    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Config, String> {
        let environment = Environment::from_iter(variables.iter().copied());
        let mut reading = Reading::new(&environment);
        let config = Config::read(&mut reading);
        reading
            .finish(config, Config::ROOMS, &["PRODUCER_"])
            .map(|(config, _)| config)
            .map_err(|problems| problems.to_string())
    }

    #[test]
    fn without_variables_it_is_what_the_tables_say() {
        let config = read(&[]).unwrap();
        assert_eq!(
            (config.rate_per_second, config.count, config.accounts),
            (0.667, 0, 1_000)
        );
        assert_eq!(
            (config.seed, config.start_ms, config.format),
            (None, None, Format::Full)
        );
        assert_eq!(config.time_zone, Tz::Asia__Seoul);
        assert_eq!(config.payments.name, "payments");
    }

    #[test]
    fn every_variable_is_heard() {
        let config = read(&[
            ("PRODUCER_RATE_PER_SECOND", "100000"),
            ("PRODUCER_COUNT", "200000"),
            ("PRODUCER_SEED", "18446744073709551615"),
            ("PRODUCER_START_TIME", "2022-01-28T14:03:07+09:00"),
            ("PRODUCER_TIME_ZONE", "Europe/Berlin"),
            ("PRODUCER_FORMAT", "legacy"),
            ("PRODUCER_ACCOUNTS", "1"),
            ("TOPIC_PAYMENTS", "elsewhere"),
        ])
        .unwrap();
        assert_eq!(
            (config.rate_per_second, config.count, config.accounts),
            (100_000.0, 200_000, 1)
        );
        assert_eq!(
            (config.seed, config.start_ms, config.format),
            (Some(u64::MAX), Some(1_643_346_187_000), Format::Legacy)
        );
        assert_eq!(config.time_zone, Tz::Europe__Berlin);
        assert_eq!(config.payments.name, "elsewhere");
    }

    #[test]
    fn every_problem_is_named_at_once() {
        let bad = [
            ("PRODUCER_RATE_PER_SECOND", "0"),
            ("PRODUCER_COUNT", "-1"),
            ("PRODUCER_SEED", "random"),
            ("PRODUCER_START_TIME", "2022-01-28 14:03:07"),
            ("PRODUCER_TIME_ZONE", "Seoul"),
            ("PRODUCER_FORMAT", "old"),
            ("PRODUCER_ACCOUNTS", "0"),
        ];
        let problems = read(&bad).unwrap_err();
        for (name, value) in bad {
            assert!(
                problems.contains(&format!("{name}=\"{value}\"")),
                "{name} in {problems}"
            );
        }
    }

    #[test]
    fn a_time_that_kafka_or_the_wire_cannot_write_is_refused() {
        for time in [
            "1970-01-01T00:00:00Z",
            "1969-12-31T23:59:59Z",
            "9999-01-01T00:00:00Z",
            "2022-01-28T14:03:07",
            "2022-02-30T14:03:07Z",
        ] {
            assert!(StartTime::from_text(time).is_none(), "{time}");
        }
    }
}
