//! A password that the server refuses does not mend itself: the service ends, and says so.

use crate::bench::Bench;
use crate::failure::Outcome;
use crate::service::Service;
use crate::stage::Stage;

pub const NAME: &str = "wrong-password";

const SECRET: &str = "not-the-password-7f3a";
const LIMIT_SECONDS: u64 = 30;

pub fn run(bench: &Bench) -> Outcome {
    let stage = Stage::set(bench, NAME)?;
    let journal = &bench.journal;
    let url = stage.database_url();
    let (user, server) = parts(&url);
    let in_url = format!("mysql://{user}:{SECRET}@{server}");
    let without = format!("mysql://{user}@{server}");
    let ways = [
        (Service::Fraud, vec![("DATABASE_URL", in_url.as_str())]),
        (
            Service::Legit,
            vec![
                ("DATABASE_URL", without.as_str()),
                ("DATABASE_PASSWORD", SECRET),
            ],
        ),
    ];
    for (service, variables) in ways {
        let mut child = stage.process(service, &variables)?;
        let (status, took) = child.end(LIMIT_SECONDS)?;
        let words = child.last_words();
        journal.check(
            status.code() == Some(1),
            format_args!(
                "{} ends with a wrong password after {:.1} s, {status} (1 expected): {words}",
                child.name(),
                took.as_secs_f64()
            ),
        );
        let log = child.log();
        journal.check(
            log.to_lowercase().contains("access denied"),
            "its log says that the server refused it",
        );
        journal.check(!log.contains(SECRET), "its log does not hold the password");
    }
    // The processors may or may not have come as far as making their topics.
    stage.system.database.remove()
}

/// User, and server with database.
fn parts(url: &str) -> (&str, &str) {
    let rest = url.strip_prefix("mysql://").unwrap_or(url);
    let (login, server) = rest.rsplit_once('@').unwrap_or(("", rest));
    let user = login.split_once(':').map_or(login, |(user, _)| user);
    (user, server)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_has_a_user_and_a_server() {
        let url = "mysql://u:p@127.0.0.1:3306/d";
        assert_eq!(parts(url), ("u", "127.0.0.1:3306/d"));
    }
}
