//! `PROGRAM healthcheck`: asks a running service how it is, for images that have no shell and no
//! curl.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

use settings::{Environment, Problems, Reading};

use crate::config;
use crate::program::BAD_CONFIGURATION;

/// Longer than the server takes for any answer.
const TIMEOUT: Duration = Duration::from_secs(3);

/// A longer answer is not one of ours.
const LONGEST_ANSWER_BYTES: u64 = 64 * 1024;

/// What to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// Is it ready?
    Ready,
    /// Is it alive?
    Live,
}

/// Asks the service beside us, whose `ADMIN_ADDR` we share, and prints its answer as `program`: exit code 0 for a good one, on stdout;
/// 1 for a bad one or none and 64 for a bad variable, on stderr.
#[must_use]
pub fn run(program: &str, check: Check) -> ExitCode {
    let (code, sentence) = match admin_address(&Environment::from_process()) {
        Ok(address) => match check.ask(address) {
            Ok(sentence) => {
                // A reader that went away early has read enough.
                let _ = writeln!(io::stdout(), "{sentence}");
                return ExitCode::SUCCESS;
            }
            Err(sentence) => (ExitCode::FAILURE, sentence),
        },
        Err(problems) => (ExitCode::from(BAD_CONFIGURATION), problems.to_string()),
    };
    let _ = writeln!(io::stderr(), "{program}: {sentence}");
    code
}

fn admin_address(environment: &Environment) -> Result<SocketAddr, Problems> {
    let mut reading = Reading::new(environment);
    let text = environment.get(config::ADMIN_ADDR.name).map(str::to_owned);
    let address = reading.parse(&config::ADMIN_ADDR, text);
    reading
        .finish(address, &[], &[])
        .map(|(address, _)| address)
}

impl Check {
    /// Asks the service whose admin server listens on `address`: a sentence, good or bad.
    fn ask(self, address: SocketAddr) -> Result<String, String> {
        let address = within_reach(address);
        if address.port() == 0 {
            return Err(
                "ADMIN_ADDR has port 0, so the port is known to the service alone".to_owned(),
            );
        }
        let path = self.path();
        let answer = get(address, path)
            .map_err(|error| format!("could not ask http://{address}{path}: {error}"))?;
        let (status, body) = parts(&answer).ok_or_else(|| {
            format!("http://{address}{path} answered with something else than HTTP")
        })?;
        let sentence = body.trim_end().replace('\n', "; ");
        match status {
            "200" => Ok(sentence),
            _ => Err(format!(
                "{sentence} (http://{address}{path} answered {status})"
            )),
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::Ready => "/readyz",
            Self::Live => "/livez",
        }
    }
}

/// A server that listens everywhere is asked on the loopback.
fn within_reach(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

fn get(address: SocketAddr, path: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream
        .take(LONGEST_ANSWER_BYTES)
        .read_to_string(&mut answer)?;
    Ok(answer)
}

/// Status and body of an answer.
fn parts(answer: &str) -> Option<(&str, &str)> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let mut first_line = head.lines().next()?.split(' ');
    let version = first_line.next()?;
    let status = first_line.next()?;
    version.starts_with("HTTP/1.").then_some((status, body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_listens_everywhere_is_asked_on_the_loopback() {
        fn check(listens: &str, asked: &str) {
            let listens = listens.parse().expect("an address");
            assert_eq!(within_reach(listens).to_string(), asked);
        }
        check("0.0.0.0:8080", "127.0.0.1:8080");
        check("[::]:8080", "[::1]:8080");
        check("10.1.2.3:80", "10.1.2.3:80");
    }

    #[test]
    fn only_http_has_a_status() {
        assert_eq!(
            parts("HTTP/1.1 200 OK\r\na: b\r\n\r\nready\n"),
            Some(("200", "ready\n"))
        );
        assert_eq!(parts("SSH-2.0-x\r\n\r\n"), None);
        assert_eq!(parts("HTTP/1.1 200 OK\r\n"), None);
        assert_eq!(parts(""), None);
    }
}
