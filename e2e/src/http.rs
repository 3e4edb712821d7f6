//! Just enough HTTP to ask a service's admin server.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::failure::{Attempt, Failure, Outcome};

/// Probes of the real world are no more patient.
const LIMIT: Duration = Duration::from_secs(5);

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
pub fn get(address: SocketAddr, path: &str) -> Outcome<Answer> {
    let text = exchange(address, path).attempt(format_args!("GET http://{address}{path}"))?;
    read(&text).ok_or_else(|| Failure::new(format!("GET http://{address}{path}: no HTTP: {text}")))
}

fn exchange(address: SocketAddr, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, LIMIT)?;
    stream.set_read_timeout(Some(LIMIT))?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"
    )?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text)
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
    fn a_metric_is_summed_over_the_labels_that_are_asked_for() {
        let text = "# HELP t x\nt{outcome=\"committed\",a=\"1\"} 2\nt{outcome=\"committed\",a=\"2\"} 3\nt{outcome=\"aborted\"} 7\n";
        assert_eq!(metric(text, "t{", "outcome=\"committed\""), 5.0);
    }
}
