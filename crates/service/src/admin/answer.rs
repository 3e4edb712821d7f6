//! From a request to its answer.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use prometheus::{Registry, TEXT_FORMAT, TextEncoder};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::Process;
use crate::thread::panic_message;

const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const METRICS: HeaderValue = HeaderValue::from_static(TEXT_FORMAT);
const PATHS: &str = "/metrics\n/livez\n/readyz\n";

/// Collecting metrics reads memory and `/proc`; if it takes longer something is stuck.
const COLLECT_LIMIT: Duration = Duration::from_secs(5);

/// Metrics are collected by one thread at a time: clients that go away before the answer, or a collector that is
/// stuck, must not leave more of them behind with every request.
#[derive(Clone)]
pub(super) struct Collecting(Arc<Semaphore>);

impl Default for Collecting {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(1)))
    }
}

/// Answers one request. It never fails and always ends.
pub(super) async fn answer(
    request: &Request<Incoming>,
    process: &Process,
    collecting: &Collecting,
) -> Response<Full<Bytes>> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut refusal = text(
            StatusCode::METHOD_NOT_ALLOWED,
            "only GET and HEAD\n".to_owned(),
        );
        let allowed = HeaderValue::from_static("GET, HEAD");
        refusal.headers_mut().insert(ALLOW, allowed);
        return refusal;
    }
    match request.uri().path() {
        "/metrics" => metrics(process, collecting).await,
        "/livez" => livez(process).await,
        "/readyz" => readyz(process).await,
        path => match process.pages.get(path) {
            Some((kind, page)) => respond(StatusCode::OK, HeaderValue::from_static(kind), page),
            None => text(
                StatusCode::NOT_FOUND,
                format!("not found, there are:\n{PATHS}"),
            ),
        },
    }
}

async fn livez(process: &Process) -> Response<Full<Bytes>> {
    // Loops end while draining; the deadline bounds that, not a restart.
    if process.shutdown.is_cancelled() {
        return text(StatusCode::OK, "alive, draining\n".to_owned());
    }
    let report = process.health.liveness().await;
    match report.is_good() {
        true => text(StatusCode::OK, format!("alive\n{report}")),
        false => text(
            StatusCode::SERVICE_UNAVAILABLE,
            format!("not alive\n{report}"),
        ),
    }
}

async fn readyz(process: &Process) -> Response<Full<Bytes>> {
    let report = process.health.readiness().await;
    let verdict = match (
        process.shutdown.is_cancelled(),
        report.is_empty(),
        report.is_good(),
    ) {
        (true, _, _) => Err("not ready, draining"),
        (false, true, _) => Err("not ready, starting"),
        (false, false, false) => Err("not ready"),
        (false, false, true) => Ok("ready"),
    };
    match verdict {
        Ok(verdict) => text(StatusCode::OK, format!("{verdict}\n{report}")),
        Err(verdict) => text(
            StatusCode::SERVICE_UNAVAILABLE,
            format!("{verdict}\n{report}"),
        ),
    }
}

async fn metrics(process: &Process, collecting: &Collecting) -> Response<Full<Bytes>> {
    // Asked for the gauges that it sets.
    process.health.readiness().await;
    let registry = process.registry.clone();
    let turn = Arc::clone(&collecting.0).acquire_owned();
    let collected = async {
        let turn = turn.await;
        tokio::task::spawn_blocking(move || {
            let _turn = turn;
            collect(&registry)
        })
        .await
    };
    match timeout(COLLECT_LIMIT, collected).await {
        Ok(Ok(Ok(metrics))) => respond(StatusCode::OK, METRICS, metrics),
        Ok(Ok(Err(error))) => failed(&error.to_string()),
        Ok(Err(error)) => match error.try_into_panic() {
            Ok(payload) => failed(&format!(
                "a collector panicked: {}",
                panic_message(&*payload)
            )),
            Err(error) => failed(&error.to_string()),
        },
        Err(_) => failed(&format!("not done within {} s", COLLECT_LIMIT.as_secs())),
    }
}

fn collect(registry: &Registry) -> Result<String, prometheus::Error> {
    TextEncoder::new().encode_to_string(&registry.gather())
}

fn failed(reason: &str) -> Response<Full<Bytes>> {
    let reason = format!("could not collect metrics: {reason}\n");
    text(StatusCode::INTERNAL_SERVER_ERROR, reason)
}

fn text(status: StatusCode, body: String) -> Response<Full<Bytes>> {
    respond(status, TEXT, body)
}

fn respond(status: StatusCode, kind: HeaderValue, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, kind);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
