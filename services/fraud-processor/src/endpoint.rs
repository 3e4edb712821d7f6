//! Where alerts go, and what proves us to whoever is there.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hyper::Uri;
use hyper::header::HeaderValue;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use serde::Deserialize;
use settings::{Fallback, FromText, Reading, Secret, Variable};

const URL: Variable = Variable::new(
    "ALERT_WEBHOOK_URL",
    "secret http or https URL",
    Fallback::Unset,
    "URL that alerts are posted to, without user and password; unset: alerts are only stored and logged",
);
const TOKEN: Variable = Variable::new(
    "ALERT_WEBHOOK_TOKEN",
    "secret",
    Fallback::Unset,
    "sent to the webhook as Authorization: Bearer",
);
const TIMEOUT_MS: Variable = Variable::new(
    "ALERT_WEBHOOK_TIMEOUT_MS",
    "milliseconds",
    Fallback::Value("5000"),
    "longest time that the webhook may take to answer, connecting included",
);
const CA_FILE: Variable = Variable::new(
    "ALERT_WEBHOOK_CA_FILE",
    "path of a PEM file",
    Fallback::Unset,
    "CA certificates trusted for the webhook; unset: Mozilla's, built in",
);

/// What stands in place of a secret.
const HIDDEN: &str = "***";

/// A webhook's address, whole in memory and by its host alone wherever it is shown: the path of a chat's webhook is its password.
#[derive(Clone)]
pub struct Endpoint {
    pub(crate) uri: Uri,
    pub(crate) token: Option<Token>,
    /// For one alert: connecting, asking and the answer.
    pub(crate) timeout: Duration,
    /// Who may vouch for it; `None` means Mozilla's authorities.
    pub(crate) authorities: Option<Arc<RootCertStore>>,
}

/// A secret that can stand in a header.
#[derive(Clone)]
pub(crate) struct Token {
    secret: Secret,
    /// `Bearer …`, marked as not to be shown.
    pub(crate) header: HeaderValue,
}

/// A file of certificates, read.
struct Authorities(RootCertStore);

#[derive(Default, Deserialize)]
#[serde(default)]
struct Room {
    url: Option<String>,
    url_file: Option<String>,
    token: Option<String>,
    token_file: Option<String>,
    timeout_ms: Option<String>,
    ca_file: Option<String>,
}

impl Endpoint {
    /// The variables of this room.
    pub const VARIABLES: &[Variable] = &[URL, TOKEN, TIMEOUT_MS, CA_FILE];

    /// Reads the room: `Some(None)` without a URL, `None` when a problem was noted.
    pub fn read(reading: &mut Reading<'_>) -> Option<Option<Self>> {
        let room: Room = reading.room("ALERT_WEBHOOK_");
        let url = reading.secret(&URL, room.url, room.url_file);
        let uri = url.and_then(|url| address(reading, url));
        let token = reading.secret(&TOKEN, room.token, room.token_file);
        let token = token.and_then(|secret| Token::read(reading, secret));
        let timeout_ms = reading.within(&TIMEOUT_MS, room.timeout_ms, 1..=60_000_u64);
        let ca_file = room.ca_file.clone().unwrap_or_default();
        let authorities = reading.optional::<Authorities>(&CA_FILE, room.ca_file);

        let (uri, token, authorities) = (uri?, token?, authorities?);
        // Nobody who gives these wants them to be left out in silence.
        let encrypts = uri.as_ref().map(|uri| uri.scheme_str() == Some("https"));
        let idle_token = token.is_some() && encrypts.is_none();
        if idle_token {
            reading.refuse(&TOKEN, "", "nothing, since there is no ALERT_WEBHOOK_URL");
        }
        let idle_authorities = authorities.is_some() && encrypts != Some(true);
        if idle_authorities {
            let expected = "nothing, since ALERT_WEBHOOK_URL is no https URL";
            reading.refuse(&CA_FILE, &ca_file, expected);
        }
        if idle_token || idle_authorities {
            return None;
        }
        let timeout = Duration::from_millis(timeout_ms?);
        Some(uri.map(|uri| Self {
            uri,
            token,
            timeout,
            authorities: authorities.map(|Authorities(roots)| Arc::new(roots)),
        }))
    }

    /// Whether anybody on the way can read the token.
    pub(crate) fn shows_the_token(&self) -> bool {
        self.token.is_some() && self.uri.scheme_str() == Some("http")
    }

    /// The text without token and path, should a receiver have repeated them.
    pub(crate) fn hide(&self, text: &str) -> String {
        let mut text = match &self.token {
            Some(token) => text.replace(token.secret.expose(), HIDDEN),
            None => text.to_owned(),
        };
        let path = self.uri.path();
        let whole = self.uri.path_and_query().map_or(path, |path| path.as_str());
        // A bare "/" is no secret.
        for secret in [whole, path].into_iter().filter(|secret| secret.len() > 1) {
            text = text.replace(secret, HIDDEN);
        }
        text
    }
}

/// Scheme, host and port.
impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.uri.scheme_str().unwrap_or_default();
        write!(
            formatter,
            "{scheme}://{}",
            self.uri.host().unwrap_or_default()
        )?;
        match self.uri.port_u16() {
            Some(port) => write!(formatter, ":{port}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Endpoint")
            .field("uri", &format_args!("{self}/{HIDDEN}"))
            .field("token", &self.token.as_ref().map(|token| &token.secret))
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

impl Token {
    fn read(reading: &mut Reading<'_>, secret: Option<Secret>) -> Option<Option<Self>> {
        let Some(secret) = secret else {
            return Some(None);
        };
        match HeaderValue::from_str(&format!("Bearer {}", secret.expose())) {
            Ok(mut header) => {
                header.set_sensitive(true);
                Some(Some(Self { secret, header }))
            }
            Err(_) => {
                reading.refuse(&TOKEN, "", "one line of visible ASCII");
                None
            }
        }
    }
}

fn address(reading: &mut Reading<'_>, url: Option<Secret>) -> Option<Option<Uri>> {
    let Some(url) = url else {
        return Some(None);
    };
    let uri = url.expose().trim().parse::<Uri>().ok();
    let uri = uri.filter(is_plain);
    if uri.is_none() {
        let expected = "an http or https URL, as https://HOST/PATH, without user and password (a secret can be ALERT_WEBHOOK_TOKEN)";
        reading.refuse(&URL, "", expected);
    }
    uri.map(Some)
}

/// Whether everything in front of the path is understood: hyper would leave out a user or a strange port without a word.
fn is_plain(uri: &Uri) -> bool {
    let (Some(authority), Some(host)) = (uri.authority(), uri.host()) else {
        return false;
    };
    let plain = match uri.port_u16() {
        None => host.to_owned(),
        Some(port) => format!("{host}:{port}"),
    };
    let is_web = matches!(uri.scheme_str(), Some("http" | "https"));
    is_web && !host.is_empty() && authority.as_str() == plain && uri.port_u16() != Some(0)
}

impl FromText for Authorities {
    const EXPECTED: &'static str =
        "the path of a file that can be read and has nothing but good certificates in PEM in it";

    fn from_text(path: &str) -> Option<Self> {
        let pem = std::fs::read(path).ok()?;
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            roots.add(certificate.ok()?).ok()?;
        }
        (!roots.is_empty()).then_some(Self(roots))
    }
}

#[cfg(test)]
mod tests {
    use settings::Environment;

    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Option<Endpoint>, String> {
        let environment = Environment::from_iter(variables.iter().copied());
        let mut reading = Reading::new(&environment);
        let endpoint = Endpoint::read(&mut reading);
        reading
            .finish(endpoint, &[Endpoint::VARIABLES], &["ALERT_"])
            .map(|(endpoint, warnings)| {
                assert_eq!(warnings, Vec::<String>::new());
                endpoint
            })
            .map_err(|problems| problems.to_string())
    }

    #[test]
    fn without_a_url_nobody_is_told() {
        assert!(read(&[]).unwrap().is_none());
        let empty = [("ALERT_WEBHOOK_URL", ""), ("ALERT_WEBHOOK_TOKEN", "")];
        assert!(read(&empty).unwrap().is_none());
    }

    #[test]
    fn only_the_host_is_shown() {
        let given = [
            (
                "ALERT_WEBHOOK_URL",
                " https://hooks.example:8443/services/hunter2?key=hunter3\n",
            ),
            ("ALERT_WEBHOOK_TOKEN", "hunter4"),
        ];
        let endpoint = read(&given).unwrap().unwrap();
        assert_eq!(endpoint.to_string(), "https://hooks.example:8443");
        assert_eq!(endpoint.timeout, Duration::from_millis(5_000));
        let token = endpoint.token.as_ref().unwrap();
        assert_eq!(token.header, "Bearer hunter4");
        let shown = format!("{endpoint:?} {endpoint} {:?}", token.header);
        assert!(!shown.contains("hunter"), "{shown}");
        assert_eq!(
            endpoint.hide("no hunter4 at /services/hunter2?key=hunter3 nor /services/hunter2"),
            "no *** at *** nor ***"
        );
        let bare = read(&[("ALERT_WEBHOOK_URL", "http://[::1]:80")]);
        assert_eq!(bare.unwrap().unwrap().hide("a/b"), "a/b");
    }

    #[test]
    fn secrets_come_from_files_too() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.to_string_lossy().into_owned()
        };
        let url = write("url", "https://hooks.example/x\n");
        let token = write("token", "hunter2\n");
        let given = [
            ("ALERT_WEBHOOK_URL_FILE", url.as_str()),
            ("ALERT_WEBHOOK_TOKEN_FILE", token.as_str()),
        ];
        let endpoint = read(&given).unwrap().unwrap();
        assert_eq!(endpoint.uri.path(), "/x");
        assert_eq!(endpoint.token.unwrap().header, "Bearer hunter2");
    }

    #[test]
    fn every_problem_is_named_at_once_and_no_secret_is_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        std::fs::write(
            &path,
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        )
        .unwrap();
        let path = path.to_string_lossy();
        let problems = read(&[
            ("ALERT_WEBHOOK_URL", "ftp://hunter2"),
            ("ALERT_WEBHOOK_TOKEN", "hunter2\nhunter3"),
            ("ALERT_WEBHOOK_TIMEOUT_MS", "0"),
            ("ALERT_WEBHOOK_CA_FILE", &path),
        ])
        .unwrap_err();
        for expected in [
            "ALERT_WEBHOOK_URL=***: expected an http or https URL",
            "ALERT_WEBHOOK_TOKEN=***: expected one line of visible ASCII",
            "ALERT_WEBHOOK_TIMEOUT_MS=\"0\": expected a whole number from 1 to 60000",
            "ALERT_WEBHOOK_CA_FILE=",
        ] {
            assert!(problems.contains(expected), "{expected} in {problems}");
        }
        assert!(!problems.contains("hunter"), "{problems}");
    }

    #[test]
    fn an_address_that_cannot_be_posted_to_is_refused() {
        for url in [
            "hooks.example",
            "hooks.example/x",
            "/x",
            "https://",
            "https:///x",
            "https://user:hunter2@hooks.example/x",
            "https://user@hooks.example/x",
            "https://hooks.example:99999/x",
            "https://hooks.example:0/x",
            "https://hooks.example:/x",
            "https://hooks example/x",
            "mailto:a@b",
        ] {
            let problems = read(&[("ALERT_WEBHOOK_URL", url)]).unwrap_err();
            let expected = "ALERT_WEBHOOK_URL=***: expected an http or https URL";
            assert!(problems.contains(expected), "{url}: {problems}");
        }
    }

    #[test]
    fn what_would_be_left_out_in_silence_is_refused() {
        let problems = read(&[("ALERT_WEBHOOK_TOKEN", "hunter2")]).unwrap_err();
        assert!(
            problems.contains("ALERT_WEBHOOK_TOKEN=***: expected nothing"),
            "{problems}"
        );
        let folder = tempfile::tempdir().unwrap();
        let authority = rcgen::generate_simple_self_signed(vec!["ca".to_owned()]).unwrap();
        let path = folder.path().join("ca.pem");
        std::fs::write(&path, authority.cert.pem()).unwrap();
        let path = path.to_string_lossy();
        let problems = read(&[
            ("ALERT_WEBHOOK_URL", "http://hooks.example/x"),
            ("ALERT_WEBHOOK_CA_FILE", &path),
        ])
        .unwrap_err();
        assert!(
            problems.contains("expected nothing, since ALERT_WEBHOOK_URL is no https URL"),
            "{problems}"
        );
        let endpoint = read(&[
            ("ALERT_WEBHOOK_URL", "https://hooks.example/x"),
            ("ALERT_WEBHOOK_CA_FILE", &path),
        ]);
        assert!(endpoint.unwrap().unwrap().authorities.is_some());
    }
}
