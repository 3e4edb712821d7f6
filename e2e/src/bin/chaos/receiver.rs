//! Where alerts are posted to: a server that answers well, slowly, wrongly, too late, or not at all.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use e2e::failure::{Attempt as _, Outcome};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::watch;

/// What fraud-processor waits for an answer.
pub const TIMEOUT_MS: u64 = 2_000;

/// How it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// 200, at once.
    Well,
    /// Nobody listens.
    Down,
    /// 200, in half of the time that there is.
    Slow,
    /// 500, at once.
    Error,
    /// 200, when nobody waits any more.
    Late,
}

/// The server.
pub struct Receiver {
    /// Where it listens.
    pub address: SocketAddr,
    mood: watch::Sender<Mood>,
    answers: Answers,
}

/// How often each alert came, and how often it was answered in time and with 200.
type Answers = Arc<Mutex<HashMap<String, (u64, u64)>>>;

impl Receiver {
    /// Listens at `host`.
    pub fn start(host: &str, runtime: &Runtime) -> Outcome<Self> {
        let listener = runtime.block_on(TcpListener::bind((host, 0)));
        let listener = listener.attempt(format_args!("listen on {host}"))?;
        let address = listener
            .local_addr()
            .attempt("ask where the receiver listens")?;
        let (mood, moods) = watch::channel(Mood::Well);
        let answers = Answers::default();
        runtime.spawn(listen(listener, address, moods, Arc::clone(&answers)));
        Ok(Self {
            address,
            mood,
            answers,
        })
    }

    /// From now on it answers like this.
    pub fn turn(&self, mood: Mood) {
        self.mood.send_replace(mood);
    }

    /// How many requests came.
    pub fn requests(&self) -> u64 {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.values().map(|(came, _)| came).sum()
    }

    /// Which of these alerts nobody ever answered well.
    pub fn unanswered<'a>(&self, alerts: &'a [String]) -> Vec<&'a String> {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let answered = |alert: &str| answers.get(alert).is_some_and(|(_, well)| *well > 0);
        alerts.iter().filter(|alert| !answered(alert)).collect()
    }
}

async fn listen(
    mut listener: TcpListener,
    address: SocketAddr,
    mut moods: watch::Receiver<Mood>,
    answers: Answers,
) {
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                tokio::spawn(converse(stream, moods.clone(), Arc::clone(&answers)));
            }
            changed = moods.changed() => {
                if changed.is_err() {
                    return;
                }
                if *moods.borrow_and_update() != Mood::Down {
                    continue;
                }
                drop(listener);
                if moods.wait_for(|mood| *mood != Mood::Down).await.is_err() {
                    return;
                }
                listener = loop {
                    match TcpListener::bind(address).await {
                        Ok(listener) => break listener,
                        Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
                    }
                };
            }
        }
    }
}

/// One connection, until it is closed or nobody is to be reached.
async fn converse(
    stream: tokio::net::TcpStream,
    mut moods: watch::Receiver<Mood>,
    answers: Answers,
) {
    let told = moods.clone();
    let service = service_fn(move |request| answer(request, *told.borrow(), Arc::clone(&answers)));
    let connection = hyper::server::conn::http1::Builder::new();
    tokio::select! {
        // A client that went away has nothing more to say.
        _ = connection.serve_connection(TokioIo::new(stream), service) => {}
        _ = moods.wait_for(|mood| *mood == Mood::Down) => {}
    }
}

async fn answer(
    request: Request<Incoming>,
    mood: Mood,
    answers: Answers,
) -> Result<Response<Empty<Bytes>>, Infallible> {
    let key = request.headers().get("idempotency-key");
    let key = key
        .and_then(|key| key.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let note = |came: u64, well: u64| {
        let mut answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
        let counts = answers.entry(key.clone()).or_default();
        *counts = (counts.0 + came, counts.1 + well);
    };
    note(1, 0);
    // What cannot be read to its end was cut off, and nobody waits for an answer.
    let _ = request.into_body().collect().await;
    let (after_ms, status) = match mood {
        Mood::Well | Mood::Down => (0, StatusCode::OK),
        Mood::Slow => (TIMEOUT_MS / 2, StatusCode::OK),
        Mood::Error => (0, StatusCode::INTERNAL_SERVER_ERROR),
        Mood::Late => (2 * TIMEOUT_MS, StatusCode::OK),
    };
    tokio::time::sleep(Duration::from_millis(after_ms)).await;
    if status == StatusCode::OK && mood != Mood::Late {
        note(0, 1);
    }
    let mut response = Response::new(Empty::new());
    *response.status_mut() = status;
    Ok(response)
}
