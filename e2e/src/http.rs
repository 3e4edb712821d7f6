//! Just enough HTTP to ask a service's admin server, or Prometheus.

use std::fmt::{Display, Write as _};
use std::io::{self, Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use crate::failure::{Attempt, Failure, Outcome};

/// A machine that has just started a dozen containers is slow.
const LIMIT: Duration = Duration::from_secs(10);

/// What the server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The body.
    pub body: String,
}

impl Answer {
    /// The body on one line.
    pub fn line(&self) -> String {
        let body = self.body.trim().replace('\n', "; ");
        format!("{} {body}", self.status)
    }
}

/// Asks for `path`.
pub fn get(address: impl ToSocketAddrs + Display, path: &str) -> Outcome<Answer> {
    let text = exchange(&address, path).attempt(format_args!("GET http://{address}{path}"))?;
    read(&text).ok_or_else(|| Failure::new(format!("GET http://{address}{path}: no HTTP: {text}")))
}

/// `path` with these parameters.
pub fn target(path: &str, parameters: &[(&str, &str)]) -> String {
    let mut target = path.to_owned();
    for (index, (name, value)) in parameters.iter().enumerate() {
        target.push(if index == 0 { '?' } else { '&' });
        for part in [encoded(name), "=".to_owned(), encoded(value)] {
            target.push_str(&part);
        }
    }
    target
}

/// HTTP 1.0: the answer ends with the connection, and comes in one piece.
fn exchange(server: &(impl ToSocketAddrs + Display), path: &str) -> io::Result<String> {
    let mut last = io::Error::from(io::ErrorKind::NotFound);
    for address in server.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, LIMIT) {
            Ok(mut stream) => {
                stream.set_read_timeout(Some(LIMIT))?;
                write!(stream, "GET {path} HTTP/1.0\r\nhost: {server}\r\n\r\n")?;
                let mut text = String::new();
                stream.read_to_string(&mut text)?;
                return Ok(text);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

fn read(text: &str) -> Option<Answer> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some(Answer {
        status,
        body: body.to_owned(),
    })
}

/// The sum of a metric over all its labels that contain `label`.
pub fn metric(text: &str, name: &str, label: &str) -> f64 {
    text.lines()
        .filter(|line| line.starts_with(name) && line.contains(label))
        .filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_its_status_and_its_body() {
        let answer =
            read("HTTP/1.1 503 Service Unavailable\r\na: b\r\n\r\nnot ready\nkafka: failed");
        let answer = answer.expect("an answer");
        assert_eq!(answer.line(), "503 not ready; kafka: failed");
    }

    #[test]
    fn everything_but_letters_and_digits_is_encoded() {
        let target = target("/api", &[("match[]", "a{b=~\".+\"}"), ("time", "1")]);
        assert_eq!(target, "/api?match%5B%5D=a%7Bb%3D~%22.%2B%22%7D&time=1");
    }

    #[test]
    fn a_metric_is_summed_over_the_labels_that_are_asked_for() {
        let text = "# HELP t x\nt{outcome=\"committed\",a=\"1\"} 2\nt{outcome=\"committed\",a=\"2\"} 3\nt{outcome=\"aborted\"} 7\n";
        assert_eq!(metric(text, "t{", "outcome=\"committed\""), 5.0);
    }
}
