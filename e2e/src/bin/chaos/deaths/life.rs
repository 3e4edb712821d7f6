//! One container's life from its start to its end, and whether the end was fair.

use std::time::Duration;

use e2e::service::Service;
use serde_json::Value;

/// What a service promises of its end after SIGTERM.
const DRAIN: Duration = Duration::from_secs(25);

/// One that was frozen may find itself fenced so long after it thawed.
const ZOMBIE: Duration = Duration::from_secs(60);

/// Something that Docker told of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Docker's id.
    pub container: String,
    /// Its name, without the project's.
    pub name: String,
    is_ours: bool,
    at: Duration,
    what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Start,
    Signal(i32),
    Die(i32),
}

/// What was done to a container since its start.
#[derive(Debug, Clone, Default)]
pub struct Life {
    asked: Option<Duration>,
    killed: bool,
    frozen: Option<Duration>,
}

/// An end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Death {
    /// Whether somebody is to blame for it who is not the product.
    pub is_fair: bool,
    /// In words.
    pub how: String,
}

impl Event {
    /// Reads a line of `docker events`.
    pub fn of(line: &str) -> Option<Self> {
        let told: Value = serde_json::from_str(line).ok()?;
        let attributes = &told["Actor"]["Attributes"];
        let number = |name: &str| attributes[name].as_str()?.parse().ok();
        let what = match told["Action"].as_str()? {
            "start" => What::Start,
            "kill" => What::Signal(number("signal")?),
            "die" => What::Die(number("exitCode")?),
            _ => return None,
        };
        let service = attributes["com.docker.compose.service"].as_str()?;
        let lasts = attributes["com.docker.compose.oneoff"] != "True";
        let name = attributes["name"].as_str()?;
        Some(Self {
            container: told["Actor"]["ID"].as_str()?.to_owned(),
            name: name.trim_start_matches("fraudstream-chaos-").to_owned(),
            is_ours: lasts && Service::ALL.iter().any(|it| it.program() == service),
            at: Duration::from_nanos(told["timeNano"].as_u64()?),
            what,
        })
    }
}

impl Life {
    /// One more thing happened; tells of an end of a service's.
    pub fn see(&mut self, event: &Event, stormy: bool) -> Option<Death> {
        match event.what {
            What::Start => *self = Self::default(),
            What::Signal(9) => self.killed = true,
            What::Signal(15) => self.asked = Some(event.at),
            // SIGCONT and SIGSTOP.
            What::Signal(18 | 19) => self.frozen = Some(event.at),
            What::Signal(_) => {}
            What::Die(code) if event.is_ours => return Some(self.end(code, event.at, stormy)),
            What::Die(_) => {}
        }
        None
    }

    fn end(&self, code: i32, at: Duration, stormy: bool) -> Death {
        let (is_fair, how) = match (self.asked.map(|asked| at.saturating_sub(asked)), code) {
            (None, 137) if self.killed => (true, "was killed by us".to_owned()),
            (None, 1) if self.frozen.is_some_and(|last| at - last <= ZOMBIE) => (
                true,
                "came back as a zombie and ended with code 1".to_owned(),
            ),
            (None, code) => (false, format!("ended by itself with code {code}")),
            (Some(took), code) => {
                let calm = code == 0 && took <= DRAIN;
                // It may find nobody to commit to.
                let cut_off = stormy && matches!(code, 0 | 1 | 137);
                let storm = if calm || !stormy {
                    ""
                } else {
                    ", brokers or MySQL away"
                };
                let seconds = took.as_secs_f64();
                let how = format!("ended with code {code}, {seconds:.1} s after SIGTERM{storm}");
                (calm || cut_off, how)
            }
        };
        Death { is_fair, how }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(at: u64, action: &str, attribute: &str, value: &str) -> Event {
        let line = serde_json::json!({
            "Action": action,
            "Actor": { "ID": "4711", "Attributes": {
                "com.docker.compose.service": "fraud-detector",
                "com.docker.compose.oneoff": "False",
                "name": "fraudstream-chaos-fraud-detector-1",
                attribute: value,
            }},
            "timeNano": at * 1_000_000_000,
        });
        Event::of(&line.to_string()).expect("an event")
    }

    /// Signals and an exit code, each with its second.
    fn check(signals: &[(u64, &str)], (at, code): (u64, &str), stormy: bool, expected: bool) {
        let mut life = Life::default();
        assert_eq!(life.see(&event(0, "start", "x", ""), stormy), None);
        for (at, signal) in signals {
            assert_eq!(
                life.see(&event(*at, "kill", "signal", signal), stormy),
                None
            );
        }
        let death = life.see(&event(at, "die", "exitCode", code), stormy);
        let death = death.expect("an end");
        assert_eq!(death.is_fair, expected, "{signals:?}: {}", death.how);
    }

    #[test]
    fn an_end_that_nobody_inflicted_is_not_fair() {
        for code in ["0", "1", "64", "101", "134", "137"] {
            check(&[], (9, code), false, false);
            check(&[], (9, code), true, false);
        }
    }

    #[test]
    fn a_killed_one_is_dead_and_a_zombie_may_be_fenced() {
        check(&[(5, "9")], (5, "137"), false, true);
        check(&[(5, "9")], (5, "1"), false, false);
        check(&[(5, "19"), (40, "18")], (41, "1"), false, true);
        check(&[(5, "19"), (40, "18")], (41, "101"), false, false);
        check(&[(5, "19"), (40, "18")], (41, "137"), false, false);
        check(&[(5, "19"), (40, "18")], (140, "1"), false, false);
    }

    #[test]
    fn one_that_is_asked_ends_in_time_and_with_0() {
        check(&[(5, "15")], (30, "0"), false, true);
        check(&[(5, "15")], (31, "0"), false, false);
        check(&[(5, "15")], (9, "1"), false, false);
        check(&[(5, "15"), (45, "9")], (45, "137"), false, false);
        check(&[(5, "15")], (9, "1"), true, true);
        check(&[(5, "15")], (9, "101"), true, false);
    }

    #[test]
    fn a_start_is_a_new_life_and_servers_are_none_of_ours() {
        let mut life = Life::default();
        life.see(&event(1, "kill", "signal", "9"), false);
        life.see(&event(2, "start", "x", ""), false);
        let death = life.see(&event(3, "die", "exitCode", "137"), false);
        assert!(!death.expect("an end").is_fair);
        let broker = Event {
            is_ours: false,
            ..event(4, "die", "exitCode", "1")
        };
        assert_eq!(life.see(&broker, false), None);
    }
}
