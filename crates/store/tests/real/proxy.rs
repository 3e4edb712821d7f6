//! A TCP proxy in front of the server that spoils one COMMIT.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// What happens to the next COMMIT that comes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spoil {
    /// The connection breaks on both sides before the server sees it.
    BeforeTheServer,
    /// The server commits, and its answer gets lost.
    AfterTheServer,
    /// The client is cut off at once, and the server sees the COMMIT only after this long.
    Late(Duration),
    /// The client is cut off at once, and the server sees nothing more on a connection that stays open.
    Never,
    /// Nobody is cut off, and the client waits for an answer that does not come.
    Silence,
}

/// The proxy. Its threads end with their connections.
pub struct Proxy {
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    server: String,
    spoil: Mutex<Option<Spoil>>,
    /// Until then, new connections are closed as soon as they come.
    away_until: Mutex<Option<Instant>>,
    away_after_spoil: Mutex<Duration>,
    clients: Mutex<Vec<TcpStream>>,
    spoiled: AtomicBool,
}

impl Proxy {
    /// Starts in front of `host:port`.
    pub fn start(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            server,
            spoil: Mutex::new(None),
            away_until: Mutex::new(None),
            away_after_spoil: Mutex::new(Duration::ZERO),
            clients: Mutex::new(Vec::new()),
            spoiled: AtomicBool::new(false),
        });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || {
            for client in listener.incoming() {
                let shared = Arc::clone(&accepting);
                let client = client.unwrap();
                if shared
                    .away_until
                    .lock()
                    .unwrap()
                    .is_some_and(|until| Instant::now() < until)
                {
                    continue;
                }
                shared
                    .clients
                    .lock()
                    .unwrap()
                    .push(client.try_clone().unwrap());
                thread::spawn(move || shared.serve(&client));
            }
        });
        Self { address, shared }
    }

    /// Spoils the next COMMIT; the whole server is away for `away` from then on.
    pub fn spoil(&self, spoil: Spoil, away: Duration) {
        *self.shared.away_after_spoil.lock().unwrap() = away;
        *self.shared.spoil.lock().unwrap() = Some(spoil);
    }

    /// Whether a COMMIT was spoiled.
    pub fn spoiled(&self) -> bool {
        self.shared.spoiled.load(Ordering::Relaxed)
    }
}

impl Shared {
    fn serve(&self, client: &TcpStream) {
        let server = TcpStream::connect(&self.server).unwrap();
        let (mut to_client, mut from_server) =
            (client.try_clone().unwrap(), server.try_clone().unwrap());
        let answers = thread::spawn(move || {
            let mut greeting = true;
            copy(&mut from_server, |bytes| {
                if std::mem::take(&mut greeting) {
                    refuse_tls(bytes);
                }
                to_client.write_all(bytes).is_ok()
            });
            to_client.shutdown(Shutdown::Both).ok();
        });
        let (mut from_client, mut to_server) = (client, &server);
        copy(&mut from_client, |bytes| {
            let spoil = if is_commit(bytes) {
                self.spoil.lock().unwrap().take()
            } else {
                None
            };
            let Some(spoil) = spoil else {
                return to_server.write_all(bytes).is_ok();
            };
            self.now_spoiled();
            match spoil {
                Spoil::BeforeTheServer => cut(client),
                Spoil::AfterTheServer => {
                    cut(client);
                    to_server.write_all(bytes).unwrap();
                    // The server commits before it learns that nobody listens.
                    thread::sleep(Duration::from_millis(200));
                }
                Spoil::Late(delay) => {
                    cut(client);
                    thread::sleep(delay);
                    to_server.write_all(bytes).unwrap();
                    thread::sleep(Duration::from_millis(200));
                }
                Spoil::Never => {
                    cut(client);
                    thread::sleep(Duration::from_secs(30));
                }
                Spoil::Silence => {
                    thread::sleep(Duration::from_secs(40));
                }
            }
            false
        });
        server.shutdown(Shutdown::Both).ok();
        answers.join().unwrap();
    }

    fn now_spoiled(&self) {
        let away = *self.away_after_spoil.lock().unwrap();
        if !away.is_zero() {
            *self.away_until.lock().unwrap() = Some(Instant::now() + away);
            for client in self.clients.lock().unwrap().drain(..) {
                cut(&client);
            }
        }
        self.spoiled.store(true, Ordering::Relaxed);
    }
}

/// Closes a connection that the other side may have closed before.
fn cut(client: &TcpStream) {
    client.shutdown(Shutdown::Both).ok();
}

/// Hands on what comes in until the source ends or `hand_on` says no.
fn copy(source: &mut impl Read, mut hand_on: impl FnMut(&mut [u8]) -> bool) {
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = source.read(&mut bytes) {
        if !hand_on(&mut bytes[..count]) {
            return;
        }
    }
}

/// Takes the TLS bit out of the server's greeting: the proxy has to read what passes. The bit follows the header, the
/// protocol's number, the version up to its zero, the connection's number, eight bytes of salt and a filler.
fn refuse_tls(greeting: &mut [u8]) {
    const SSL_IN_SECOND_BYTE: u8 = 0x08;
    let version_end = 5 + greeting[5..].iter().position(|byte| *byte == 0).unwrap();
    greeting[version_end + 1 + 4 + 8 + 1 + 1] &= !SSL_IN_SECOND_BYTE;
}

fn is_commit(bytes: &[u8]) -> bool {
    bytes.windows(7).any(|window| window == b"\x03COMMIT")
}
