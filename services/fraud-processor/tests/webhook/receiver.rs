//! A webhook that answers what a test tells it to, and remembers what it was sent.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use http_body_util::{BodyExt as _, Either, Full};
use hyper::body::{Body, Bytes, Frame, Incoming};
use hyper::header::HeaderMap;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// What a receiver does with a request.
#[derive(Clone)]
pub enum Answer {
    /// Status, headers, body.
    Status(u16, Vec<(&'static str, String)>, String),
    /// Nothing, for ever.
    Silence,
    /// A status, and a body that does not end.
    Endless(u16),
    /// A status, and the head of a body that never comes.
    HalfSaid(u16),
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Seen {
    pub method: Method,
    pub target: String,
    pub headers: HeaderMap,
    pub body: String,
    pub at: Instant,
}

type Script = dyn Fn(usize, &Seen) -> Answer + Send + Sync;

/// A running receiver. Dropping it ends it.
pub struct Receiver {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    _server: JoinSet<()>,
}

struct Shared {
    script: Box<Script>,
    seen: Mutex<Vec<Seen>>,
    open: AtomicUsize,
    most_open: AtomicUsize,
    bodies_open: AtomicUsize,
    bytes_said: AtomicUsize,
}

pub fn status(status: u16) -> Answer {
    Answer::Status(status, Vec::new(), String::new())
}

impl Receiver {
    /// Answers each request by its number, from 0.
    pub async fn new(script: impl Fn(usize, &Seen) -> Answer + Send + Sync + 'static) -> Self {
        Self::at("127.0.0.1:0".parse().unwrap(), None, script).await
    }

    /// On this address, with TLS or without.
    pub async fn at(
        address: SocketAddr,
        tls: Option<TlsAcceptor>,
        script: impl Fn(usize, &Seen) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            script: Box::new(script),
            seen: Mutex::default(),
            open: AtomicUsize::new(0),
            most_open: AtomicUsize::new(0),
            bodies_open: AtomicUsize::new(0),
            bytes_said: AtomicUsize::new(0),
        });
        let mut server = JoinSet::new();
        server.spawn(accept(listener, tls, Arc::clone(&shared)));
        Self {
            address,
            shared,
            _server: server,
        }
    }

    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// Every request so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().unwrap().clone()
    }

    /// The `Idempotency-Key` of every request so far.
    pub fn keys(&self) -> Vec<String> {
        self.seen().iter().map(Seen::key).collect()
    }

    /// The most requests that were unanswered at once.
    pub fn most_open(&self) -> usize {
        self.shared.most_open.load(Ordering::SeqCst)
    }

    /// Endless bodies that somebody still reads, and the bytes that were said in them.
    pub fn endless(&self) -> (usize, usize) {
        let shared = &self.shared;
        (
            shared.bodies_open.load(Ordering::SeqCst),
            shared.bytes_said.load(Ordering::SeqCst),
        )
    }
}

impl Seen {
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    pub fn key(&self) -> String {
        self.header("idempotency-key").to_owned()
    }
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let (tls, shared) = (tls.clone(), Arc::clone(&shared));
        connections.spawn(async move {
            match tls {
                None => converse(stream, shared).await,
                // A client that does not trust us hangs up.
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        converse(stream, shared).await;
                    }
                }
            }
        });
    }
}

async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    shared: Arc<Shared>,
) {
    let service = service_fn(|request| {
        let shared = Arc::clone(&shared);
        async move { Ok::<_, Infallible>(answer(request, shared).await) }
    });
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn answer(
    request: Request<Incoming>,
    shared: Arc<Shared>,
) -> Response<Either<Full<Bytes>, Endless>> {
    let (head, body) = request.into_parts();
    let _open = Open::new(&shared);
    let body = body.collect().await.map(|body| body.to_bytes());
    let seen = Seen {
        method: head.method,
        target: head.uri.to_string(),
        headers: head.headers,
        body: String::from_utf8(body.unwrap_or_default().to_vec()).unwrap(),
        at: Instant::now(),
    };
    let answer = {
        let mut all = shared.seen.lock().unwrap();
        let answer = (shared.script)(all.len(), &seen);
        all.push(seen);
        answer
    };
    // So that requests which may be under way at once are.
    tokio::time::sleep(Duration::from_millis(2)).await;
    match answer {
        Answer::Status(status, headers, body) => {
            let mut response = Response::builder().status(status);
            for (name, value) in headers {
                response = response.header(name, value);
            }
            response.body(Either::Left(Full::from(body))).unwrap()
        }
        Answer::Silence => std::future::pending().await,
        Answer::Endless(status) | Answer::HalfSaid(status) => {
            let talks = matches!(answer, Answer::Endless(_));
            shared.bodies_open.fetch_add(1, Ordering::SeqCst);
            let endless = Endless {
                shared: Arc::clone(&shared),
                talks,
            };
            Response::builder()
                .status(status)
                .body(Either::Right(endless))
                .unwrap()
        }
    }
}

/// A request that is not answered yet.
struct Open<'a>(&'a Shared);

impl<'a> Open<'a> {
    fn new(shared: &'a Shared) -> Self {
        let open = shared.open.fetch_add(1, Ordering::SeqCst) + 1;
        shared.most_open.fetch_max(open, Ordering::SeqCst);
        Self(shared)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A body without an end.
struct Endless {
    shared: Arc<Shared>,
    talks: bool,
}

impl Body for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if !self.talks {
            return Poll::Pending;
        }
        let words = Bytes::from_static(&[b'x'; 1024]);
        self.shared
            .bytes_said
            .fetch_add(words.len(), Ordering::SeqCst);
        Poll::Ready(Some(Ok(Frame::data(words))))
    }
}

impl Drop for Endless {
    fn drop(&mut self) {
        self.shared.bodies_open.fetch_sub(1, Ordering::SeqCst);
    }
}
