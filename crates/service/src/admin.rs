//! The admin server: `/metrics`, `/livez` and `/readyz` over HTTP/1.1.
//!
//! It is open to whoever reaches its port, so everything about it is bounded: how many connect, how
//! long they may take to ask, how much they may say, and how long a connection lives. It is the
//! last thing of a process to stop.

mod answer;

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use crate::Process;
use answer::Collecting;

/// Scrapers and probes need two or three, for milliseconds. One more takes the place of the oldest: if it
/// waited instead, whoever holds all places and says nothing would keep probes from their answers, and
/// Kubernetes would restart a process that is well.
const MAX_CONNECTIONS: usize = 64;

/// A request's head has to arrive within this time. It counts from the answer before, so it is also
/// how long a connection may idle.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// A head that is larger is answered with 431.
const MAX_HEAD_BYTES: usize = 8 * 1024;

/// A connection is closed after this time, so that one which reads its answer byte by byte holds
/// its place no longer. Scrapers connect anew.
const MAX_AGE: Duration = Duration::from_secs(60);

/// An answer under way may be finished within this time when the connection has to end.
const GRACE: Duration = Duration::from_secs(2);

/// Pause after the system refused a connection, for want of file descriptors most likely.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A running admin server. Dropping it leaves it running; [`Admin::stop`] ends it.
#[derive(Debug)]
pub struct Admin {
    address: SocketAddr,
    stop: CancellationToken,
    server: JoinHandle<()>,
}

/// The address could not be had.
#[derive(Debug, thiserror::Error)]
#[error("could not listen on {address} (ADMIN_ADDR)")]
pub struct BindError {
    address: SocketAddr,
    source: io::Error,
}

/// Starts the server on `address` (port 0 picks a free one) as a task of the current runtime.
pub async fn serve(address: SocketAddr, process: Process) -> Result<Admin, BindError> {
    let refused = |source| BindError { address, source };
    let listener = TcpListener::bind(address).await.map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    let stop = CancellationToken::new();
    let server = tokio::spawn(accept(listener, process, stop.clone()));
    Ok(Admin {
        address,
        stop,
        server,
    })
}

impl Admin {
    /// Where it listens, with the port that was picked.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops listening, lets answers under way finish for a moment, and ends.
    pub async fn stop(self) {
        self.stop.cancel();
        if let Err(error) = self.server.await {
            warn!(%error, "the admin server did not end well");
        }
    }
}

async fn accept(listener: TcpListener, process: Process, stop: CancellationToken) {
    let mut connections = Connections::default();
    let collecting = Collecting::default();
    let mut failing = false;
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                failing = false;
                connections.make_room().await;
                let (process, collecting) = (process.clone(), collecting.clone());
                connections.add(converse(stream, process, collecting, stop.clone()));
            }
            Err(error) => {
                if !failing {
                    warn!(%error, "the admin server could not accept a connection, trying again");
                }
                failing = true;
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    if timeout(GRACE, connections.ended()).await.is_err() {
        debug!("cutting off admin connections that did not end");
    }
}

/// The connections that are open, [`MAX_CONNECTIONS`] at most.
#[derive(Default)]
struct Connections {
    tasks: JoinSet<()>,
    /// The oldest first; some may have ended.
    by_age: VecDeque<AbortHandle>,
}

impl Connections {
    /// Forgets those that ended, and cuts off the oldest until there is a place.
    async fn make_room(&mut self) {
        while self.tasks.try_join_next().is_some() {}
        self.by_age.retain(|connection| !connection.is_finished());
        while self.tasks.len() >= MAX_CONNECTIONS {
            if let Some(oldest) = self.by_age.pop_front() {
                oldest.abort();
            }
            self.tasks.join_next().await;
        }
    }

    fn add(&mut self, connection: impl Future<Output = ()> + Send + 'static) {
        self.by_age.push_back(self.tasks.spawn(connection));
    }

    async fn ended(&mut self) {
        while self.tasks.join_next().await.is_some() {}
    }
}

async fn converse(
    stream: TcpStream,
    process: Process,
    collecting: Collecting,
    stop: CancellationToken,
) {
    let service = service_fn(|request| {
        let (process, collecting) = (process.clone(), collecting.clone());
        async move { Ok::<_, Infallible>(answer::answer(&request, &process, &collecting).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_header_size(MAX_HEAD_BYTES)
        .max_buf_size(2 * MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        () = stop.cancelled() => None,
        () = sleep(MAX_AGE) => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        None => {
            connection.as_mut().graceful_shutdown();
            timeout(GRACE, connection).await.unwrap_or(Ok(()))
        }
    };
    if let Err(error) = ended {
        debug!(%error, "an admin connection ended badly");
    }
}
