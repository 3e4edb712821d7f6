//! What an answer means for an alert: the one place that decides.

use std::time::Duration;

use hyper::header::{HeaderMap, LOCATION, RETRY_AFTER};
use hyper::{StatusCode, Uri};

/// Longest wait that a receiver may ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(5 * 60);

/// Characters kept of what a receiver said.
const KEPT: usize = 200;

/// What becomes of an alert that was posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The receiver has it.
    Delivered,
    /// The receiver does not answer, or says that it cannot take it now.
    Later {
        /// What happened.
        why: String,
        /// How long the receiver wants to be left alone, five minutes at most.
        after: Option<Duration>,
    },
    /// The receiver will not take this alert, however often it is asked.
    Refused {
        /// What it said.
        why: String,
    },
}

impl Verdict {
    /// Of an answer, and the beginning of its body.
    pub fn of(status: StatusCode, headers: &HeaderMap, body: &str) -> Self {
        let why = said(status, body);
        match status.as_u16() {
            200..=299 => Self::Delivered,
            // An alert goes where its operator sent it: another address may be anybody's.
            300..=399 => Self::Refused {
                why: format!(
                    "{status}: redirects to {} are not followed",
                    destination(headers)
                ),
            },
            // Too slow, too early and too much are said of the moment and not of the alert.
            408 | 425 | 429 | 500.. => Self::Later {
                why,
                after: wait(headers),
            },
            _ => Self::Refused { why },
        }
    }

    /// Nobody answered.
    pub fn unanswered(why: String) -> Self {
        Self::Later { why, after: None }
    }
}

/// Status and text in one line.
fn said(status: StatusCode, body: &str) -> String {
    let words: Vec<&str> = body
        .split(|letter: char| letter.is_whitespace() || letter.is_control())
        .filter(|word| !word.is_empty())
        .collect();
    let text: String = words.join(" ").chars().take(KEPT).collect();
    if text.is_empty() {
        status.to_string()
    } else {
        format!("{status}: {text}")
    }
}

/// The host that a redirect names; the rest of its address may be a secret.
fn destination(headers: &HeaderMap) -> String {
    let location = headers.get(LOCATION).and_then(|value| value.to_str().ok());
    match location.map(str::parse::<Uri>) {
        None => "nowhere".to_owned(),
        Some(Ok(uri)) => uri
            .host()
            .map_or_else(|| "the same host".to_owned(), str::to_owned),
        Some(Err(_)) => "an address that is none".to_owned(),
    }
}

/// `Retry-After` in seconds. The other form, a date, is left to the back-off: it needs two clocks that agree.
fn wait(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok();
    seconds.map(|seconds| Duration::from_secs(seconds).min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, headers: &[(&'static str, &'static str)], body: &str) -> Verdict {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect();
        Verdict::of(StatusCode::from_u16(status).unwrap(), &headers, body)
    }

    fn later(why: &str, after: Option<u64>) -> Verdict {
        Verdict::Later {
            why: why.to_owned(),
            after: after.map(Duration::from_secs),
        }
    }

    fn refused(why: &str) -> Verdict {
        Verdict::Refused {
            why: why.to_owned(),
        }
    }

    #[test]
    fn any_success_is_a_delivery() {
        for status in [200, 201, 202, 204, 299] {
            assert_eq!(of(status, &[], "whatever"), Verdict::Delivered, "{status}");
        }
    }

    #[test]
    fn what_may_pass_is_tried_again() {
        let check = |status, expected: &str| {
            assert_eq!(of(status, &[], ""), later(expected, None), "{status}")
        };
        check(408, "408 Request Timeout");
        check(425, "425 Too Early");
        check(429, "429 Too Many Requests");
        check(500, "500 Internal Server Error");
        check(503, "503 Service Unavailable");
        check(599, "599 <unknown status code>");
        check(999, "999 <unknown status code>");
    }

    #[test]
    fn a_refusal_is_kept_with_what_was_said() {
        assert_eq!(of(400, &[], ""), refused("400 Bad Request"));
        assert_eq!(of(401, &[], ""), refused("401 Unauthorized"));
        assert_eq!(
            of(404, &[], "\n no such\r\n\u{1b}[31m hook \0"),
            refused("404 Not Found: no such [31m hook")
        );
        let Verdict::Refused { why } = of(422, &[], &"엄".repeat(1_000)) else {
            panic!("refused");
        };
        assert_eq!(
            why.chars().count(),
            "422 Unprocessable Entity: ".len() + KEPT
        );
    }

    #[test]
    fn a_redirect_is_refused_and_only_its_host_is_named() {
        let check = |location, expected: &str| {
            let why = format!("302 Found: redirects to {expected} are not followed");
            assert_eq!(of(302, &[("location", location)], "moved"), refused(&why));
        };
        check(
            "https://user:hunter2@elsewhere.example:8443/secret?token=hunter2",
            "elsewhere.example",
        );
        check("/login", "the same host");
        check("::", "an address that is none");
        assert_eq!(
            of(301, &[], ""),
            refused("301 Moved Permanently: redirects to nowhere are not followed")
        );
    }

    #[test]
    fn a_receiver_may_ask_for_a_pause_of_five_minutes_at_most() {
        let check = |asked, expected| {
            assert_eq!(
                of(429, &[("retry-after", asked)], ""),
                later("429 Too Many Requests", expected),
                "{asked}"
            );
        };
        check("0", Some(0));
        check(" 7", Some(7));
        check("301", Some(300));
        check("18446744073709551615", Some(300));
        check("18446744073709551616", None);
        check("-1", None);
        check("Wed, 21 Oct 2015 07:28:00 GMT", None);
        let unavailable = of(503, &[("retry-after", "2")], "");
        assert_eq!(unavailable, later("503 Service Unavailable", Some(2)));
    }
}
