//! The room of variables that says which database, and as whom.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::Deserialize;
use settings::{CertificateFile, Fallback, FromText, Reading, Secret, Variable};
use sqlx::mysql::MySqlConnectOptions;

const PREFIX: &str = "DATABASE_";

const URL: Variable = Variable::new(
    "DATABASE_URL",
    "mysql://USER@HOST[:PORT]/DATABASE or sqlite:PATH",
    Fallback::Required,
    "database that rows are stored in",
);

const PASSWORD: Variable = Variable::new(
    "DATABASE_PASSWORD",
    "secret",
    Fallback::Unset,
    "password of the user in DATABASE_URL",
);

const SSL_CA_FILE: Variable = Variable::new(
    "DATABASE_SSL_CA_FILE",
    "path of a PEM file",
    Fallback::Unset,
    "CA certificates: if set, the server must use TLS and its certificate and host name are verified; unset: TLS \
     where the server offers it, unverified",
);

/// The variables of this room, as `--help` shows them.
pub const VARIABLES: &[Variable] = &[URL, PASSWORD, SSL_CA_FILE];

/// Which database, and as whom.
#[derive(Clone, Debug)]
pub struct Config {
    pub(crate) address: Address,
    pub(crate) password: Option<Secret>,
    pub(crate) ssl_ca: Option<CertificateFile>,
}

/// Where a database is.
#[derive(Clone)]
pub(crate) enum Address {
    MySql(Box<MySqlConnectOptions>),
    Sqlite(PathBuf),
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Room {
    url: Option<String>,
    password: Option<String>,
    password_file: Option<String>,
    ssl_ca_file: Option<String>,
}

impl Config {
    /// Reads the room.
    pub fn read(reading: &mut Reading<'_>) -> Option<Self> {
        let room: Room = reading.room(PREFIX);
        let has_two = room.url.as_deref().is_some_and(names_a_password)
            && [&room.password, &room.password_file]
                .into_iter()
                .flatten()
                .any(|text| !text.is_empty());
        if has_two {
            reading.refuse(
                &PASSWORD,
                "",
                "a password here or in DATABASE_URL, not in both",
            );
        }
        let address = reading.parse(&URL, room.url);
        let password = reading.secret(&PASSWORD, room.password, room.password_file);
        let ssl_ca = reading.optional::<CertificateFile>(&SSL_CA_FILE, room.ssl_ca_file);
        let config = Self {
            address: address?,
            password: password?,
            ssl_ca: ssl_ca?,
        };
        config.is_used_in_full(reading).then_some(config)
    }

    /// A file has neither passwords nor certificates: whoever gives some takes it for a server.
    fn is_used_in_full(&self, reading: &mut Reading<'_>) -> bool {
        let Address::Sqlite(_) = self.address else {
            return true;
        };
        let expected = "nothing, since DATABASE_URL names an SQLite file";
        if self.password.is_some() {
            reading.refuse(&PASSWORD, "", expected);
        }
        if let Some(file) = &self.ssl_ca {
            reading.refuse(&SSL_CA_FILE, &file.path().to_string_lossy(), expected);
        }
        self.password.is_none() && self.ssl_ca.is_none()
    }

    /// An embedded database in this file, which is made when it is missing. Its directory must be there.
    pub fn sqlite(path: impl AsRef<Path>) -> Self {
        Self {
            address: Address::Sqlite(path.as_ref().to_owned()),
            password: None,
            ssl_ca: None,
        }
    }
}

impl FromText for Address {
    const EXPECTED: &'static str = "mysql://USER@HOST[:PORT]/DATABASE or sqlite:PATH";

    fn from_text(text: &str) -> Option<Self> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            // A database in memory would be another one for every connection.
            return (!path.is_empty() && path != ":memory:").then(|| Self::Sqlite(path.into()));
        }
        let rest = text.strip_prefix("mysql://")?;
        let (user, _) = rest.rsplit_once('@')?;
        let options = MySqlConnectOptions::from_str(text).ok()?;
        // Parameters would change what the schema and the exactly-once batches rely on (character set, time zone).
        let complete = !user.is_empty() && options.get_database().is_some() && !rest.contains('?');
        complete.then(|| Self::MySql(Box::new(options)))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MySql(options) => {
                let (user, host, port) = (
                    options.get_username(),
                    options.get_host(),
                    options.get_port(),
                );
                write!(
                    formatter,
                    "mysql://{user}@{host}:{port}/{}",
                    options.get_database().unwrap_or_default()
                )
            }
            Self::Sqlite(path) => write!(formatter, "sqlite:{}", path.display()),
        }
    }
}

/// Whether the user of a URL is followed by a password.
fn names_a_password(url: &str) -> bool {
    let authority = url.split_once("://").map_or(url, |(_, rest)| rest);
    authority
        .rsplit_once('@')
        .is_some_and(|(user, _)| user.contains(':'))
}

#[cfg(test)]
mod tests {
    use settings::{Environment, Problems};

    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Config, Problems> {
        let environment = Environment::from_iter(variables.iter().copied());
        let mut reading = Reading::new(&environment);
        let config = Config::read(&mut reading);
        reading
            .finish(config, &[VARIABLES], &[PREFIX])
            .map(|(config, _)| config)
    }

    #[test]
    fn an_address_is_mysql_or_a_file() {
        fn check(url: &str, expected: &str) {
            let config = read(&[("DATABASE_URL", url)]).unwrap();
            assert_eq!(config.address.to_string(), expected, "{url}");
        }
        check("mysql://app@db/fraud", "mysql://app@db:3306/fraud");
        check(
            "mysql://app:p%40ss@db:33306/fraud",
            "mysql://app@db:33306/fraud",
        );
        check("sqlite:rows.db", "sqlite:rows.db");
        check("sqlite:///var/rows.db", "sqlite:/var/rows.db");
    }

    #[test]
    fn an_address_that_leaves_something_open_is_refused() {
        fn check(url: &str) {
            let problems = read(&[("DATABASE_URL", url)]).unwrap_err().to_string();
            assert!(problems.contains("DATABASE_URL"), "{url}: {problems}");
        }
        check("");
        check("postgres://app@db/fraud");
        check("mysql://db/fraud");
        check("mysql://app@db");
        check("mysql://app@db/fraud?charset=latin1");
        check("sqlite:");
        check("sqlite::memory:");
    }

    #[test]
    fn a_password_is_shown_by_nothing() {
        let given = [("DATABASE_URL", "mysql://app:hunter2@db/fraud")];
        assert!(!format!("{:?}", read(&given).unwrap()).contains("hunter2"));
        let apart = [
            ("DATABASE_URL", "mysql://app@db/fraud"),
            ("DATABASE_PASSWORD", "hunter2"),
        ];
        assert!(!format!("{:?}", read(&apart).unwrap()).contains("hunter2"));
        let wrong = [("DATABASE_URL", "mysql://app:hunter2@db")];
        assert!(!read(&wrong).unwrap_err().to_string().contains("hunter2"));
    }

    #[test]
    fn two_passwords_are_one_too_many() {
        let both = [
            ("DATABASE_URL", "mysql://app:one@db/fraud"),
            ("DATABASE_PASSWORD", "two"),
        ];
        let problems = read(&both).unwrap_err().to_string();
        assert!(
            problems.contains("not in both") && !problems.contains("two\""),
            "{problems}"
        );
    }
}
