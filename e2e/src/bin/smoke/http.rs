//! Just enough HTTP to ask Prometheus.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use crate::failure::{Attempt, Failure, Outcome};

/// A machine that has just started a dozen containers is slow.
const LIMIT: Duration = Duration::from_secs(10);

/// The body of the answer to a GET of `path` with these parameters, whatever its status: Prometheus says in
/// the body what is wrong.
pub fn get(address: &str, path: &str, parameters: &[(&str, &str)]) -> Outcome<String> {
    let target = target(path, parameters);
    let text = exchange(address, &target).attempt(format_args!("GET http://{address}{path}"))?;
    match text.split_once("\r\n\r\n") {
        Some((_, body)) => Ok(body.to_owned()),
        None => Err(Failure::new(format!(
            "GET http://{address}{path}: no HTTP: {text}"
        ))),
    }
}

/// HTTP 1.0: the answer ends with the connection, and comes in one piece.
fn exchange(address: &str, target: &str) -> std::io::Result<String> {
    let addresses = address.to_socket_addrs()?;
    let mut last = std::io::Error::from(std::io::ErrorKind::NotFound);
    for address in addresses {
        match TcpStream::connect_timeout(&address, LIMIT) {
            Ok(mut stream) => {
                stream.set_read_timeout(Some(LIMIT))?;
                write!(stream, "GET {target} HTTP/1.0\r\nhost: {address}\r\n\r\n")?;
                let mut text = String::new();
                stream.read_to_string(&mut text)?;
                return Ok(text);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn target(path: &str, parameters: &[(&str, &str)]) -> String {
    let mut target = path.to_owned();
    for (index, (name, value)) in parameters.iter().enumerate() {
        target.push(if index == 0 { '?' } else { '&' });
        for part in [encoded(name), "=".to_owned(), encoded(value)] {
            target.push_str(&part);
        }
    }
    target
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_but_letters_and_digits_is_encoded() {
        let target = target("/api", &[("match[]", "a{b=~\".+\"}"), ("time", "1")]);
        assert_eq!(target, "/api?match%5B%5D=a%7Bb%3D~%22.%2B%22%7D&time=1");
    }
}
