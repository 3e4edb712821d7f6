//! One alert, posted.
//!
//! `POST` with the alert's body as it is stored, `Content-Type: application/json`, `Idempotency-Key:` its source and, where there is one,
//! `Authorization: Bearer` the token. The status of the answer decides ([`Verdict`]); its body is read for what it says about a failure,
//! and no further than [`LARGEST_ANSWER`].

use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, USER_AGENT};
use hyper::{Method, Request, http};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use service::causes;
use store::Alert;
use tokio::time::{Instant, timeout_at};

use crate::endpoint::Endpoint;
use crate::verdict::Verdict;

/// Bytes that are read of an answer's body.
pub const LARGEST_ANSWER: usize = 4 * 1024;

/// Bytes that an answer's head may have.
const LARGEST_HEAD: usize = 16 * 1024;

/// How long a connection that nobody uses is kept: shorter than what receivers usually do, so that it is seldom found closed.
const IDLE: Duration = Duration::from_secs(30);

/// Header by which a receiver knows an alert again.
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// Who we say we are.
const AGENT: HeaderValue =
    HeaderValue::from_static(concat!("fraudstream/", env!("CARGO_PKG_VERSION")));

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A client of one address. It follows no redirects and knows no proxies.
#[derive(Debug)]
pub struct Webhook {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    endpoint: Endpoint,
}

impl Webhook {
    /// Connects to nobody yet.
    ///
    /// # Errors
    /// When TLS cannot be set up, which is a bug of the build.
    pub fn new(endpoint: Endpoint) -> Result<Self, rustls::Error> {
        let authorities = endpoint.authorities.clone().unwrap_or_else(mozilla);
        // Named, because the process may have another default provider or none.
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(authorities)
            .with_no_client_auth();
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        // A connection that nobody waits for any more is given up as well.
        tcp.set_connect_timeout(Some(endpoint.timeout));
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .http1_max_buf_size(LARGEST_HEAD)
            .build(connector);
        Ok(Self { client, endpoint })
    }

    /// Where alerts go.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Posts an alert once, within the timeout. It never fails: whatever happens is a verdict.
    pub async fn post(&self, alert: &Alert) -> Verdict {
        let deadline = Instant::now() + self.endpoint.timeout;
        let request = match self.request(alert) {
            Ok(request) => request,
            Err(error) => {
                return Verdict::Refused {
                    why: format!("this alert cannot be posted: {error}"),
                };
            }
        };
        let response = match timeout_at(deadline, self.client.request(request)).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Verdict::unanswered(causes(&error)),
            Err(_) => {
                let limit = self.endpoint.timeout.as_millis();
                return Verdict::unanswered(format!("no answer within {limit} ms"));
            }
        };
        let (head, body) = response.into_parts();
        let said = beginning(body, deadline).await;
        Verdict::of(head.status, &head.headers, &self.endpoint.hide(&said))
    }

    fn request(&self, alert: &Alert) -> Result<Request<Full<Bytes>>, http::Error> {
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(&self.endpoint.uri)
            .header(CONTENT_TYPE, JSON)
            .header(USER_AGENT, AGENT)
            .header(IDEMPOTENCY_KEY, &alert.id);
        if let Some(token) = &self.endpoint.token {
            request = request.header(AUTHORIZATION, &token.header);
        }
        request.body(Full::from(alert.body.clone()))
    }
}

/// What a body begins with. Its end is of no interest: one that does not come, or that is too far, costs the connection and nothing else.
async fn beginning(mut body: Incoming, deadline: Instant) -> String {
    let mut bytes = Vec::new();
    let reading = async {
        while bytes.len() < LARGEST_ANSWER
            && let Some(Ok(frame)) = body.frame().await
        {
            if let Some(data) = frame.data_ref() {
                let room = LARGEST_ANSWER - bytes.len();
                bytes.extend_from_slice(&data[..data.len().min(room)]);
            }
        }
    };
    // What was read by then is what there is.
    let _ = timeout_at(deadline, reading).await;
    String::from_utf8_lossy(&bytes).into_owned()
}

fn mozilla() -> Arc<RootCertStore> {
    Arc::new(webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect())
}
