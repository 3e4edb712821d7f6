//! A TCP proxy in front of a MySQL server that spoils what passes.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// What happens to the next COMMIT that comes by, or to another word of a client's.
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

/// What of a transaction the proxy can hold back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// Its first word: the server knows nothing of it yet.
    Begin,
    /// Its last word: everything else is there, and locked.
    Commit,
}

/// How long "until it comes back" is at most.
const EVER: Duration = Duration::from_secs(3600);

/// The proxy. Its threads end with their connections.
pub struct Proxy {
    address: SocketAddr,
    url: String,
    shared: Arc<Shared>,
}

struct Shared {
    server: String,
    state: Mutex<State>,
    released: Condvar,
}

#[derive(Default)]
struct State {
    spoil: Option<Spoil>,
    /// Which word it is for: so many more come by before it. `None`: a COMMIT.
    words: Option<usize>,
    spoiled: bool,
    /// Until then, new connections are closed as soon as they come.
    away_until: Option<Instant>,
    away_after_spoil: Duration,
    clients: Vec<TcpStream>,
    hold: Option<Hold>,
    /// Transactions that wait to be let go.
    held: usize,
}

impl Proxy {
    /// Starts in front of the server that a `DATABASE_URL` names.
    pub fn before(url: &str) -> Self {
        let (user, rest) = url.rsplit_once('@').unwrap();
        let (server, database) = rest.split_once('/').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            server: server.to_owned(),
            state: Mutex::default(),
            released: Condvar::new(),
        });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || {
            for client in listener.incoming() {
                let shared = Arc::clone(&accepting);
                if let Some(client) = shared.admitted(client.unwrap()) {
                    thread::spawn(move || shared.serve(&client));
                }
            }
        });
        Self {
            address,
            url: format!("{user}@{address}/{database}"),
            shared,
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The value of `DATABASE_URL` that leads through it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Spoils the next COMMIT; the whole server is away for `away` from then on.
    pub fn spoil(&self, spoil: Spoil, away: Duration) {
        let mut state = self.shared.state();
        state.spoiled = false;
        state.away_after_spoil = away;
        state.words = None;
        state.spoil = Some(spoil);
    }

    /// Spoils what a client says after so many words more, of whatever kind.
    pub fn spoil_word(&self, number: usize, spoil: Spoil) {
        self.spoil(spoil, Duration::ZERO);
        self.shared.state().words = Some(number);
    }

    /// Spoils nothing more.
    pub fn relent(&self) {
        self.shared.state().spoil = None;
    }

    /// Whether what was to be spoiled came by.
    pub fn spoiled(&self) -> bool {
        self.shared.state().spoiled
    }

    /// Cuts every connection, whatever is on it.
    pub fn cut(&self) {
        self.shared.state().cut_all();
    }

    /// Cuts every connection and takes no other until [`Proxy::come_back`].
    pub fn go_away(&self) {
        let mut state = self.shared.state();
        state.away_until = Some(Instant::now() + EVER);
        state.cut_all();
    }

    /// Takes connections again.
    pub fn come_back(&self) {
        self.shared.state().away_until = None;
    }

    /// From now on the server sees no such word until [`Proxy::release`], and whoever sent one waits.
    pub fn hold(&self, hold: Hold) {
        self.shared.state().hold = Some(hold);
    }

    /// How many transactions wait.
    pub fn held(&self) -> usize {
        self.shared.state().held
    }

    /// Lets them go, also those whose client is gone.
    pub fn release(&self) {
        self.shared.state().hold = None;
        self.shared.released.notify_all();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The client, unless the server is away.
    fn admitted(&self, client: TcpStream) -> Option<TcpStream> {
        let mut state = self.state();
        let away = state.away_until.is_some_and(|until| Instant::now() < until);
        if away {
            return None;
        }
        state.clients.push(client.try_clone().unwrap());
        Some(client)
    }

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
            let word = Hold::of(bytes);
            self.wait_while_held(word);
            let Some(spoil) = self.state().next_spoil(word) else {
                return to_server.write_all(bytes).is_ok();
            };
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

    fn wait_while_held(&self, word: Option<Hold>) {
        let mut state = self.state();
        if word.is_none() || state.hold != word {
            return;
        }
        state.held += 1;
        while state.hold.is_some() {
            let released = self.released.wait(state);
            state = released.unwrap_or_else(PoisonError::into_inner);
        }
        state.held -= 1;
    }
}

impl Hold {
    /// The word that a client says, if it is one of these.
    fn of(bytes: &[u8]) -> Option<Self> {
        let says = |word: &[u8]| bytes.windows(word.len()).any(|window| window == word);
        match () {
            () if says(b"\x03COMMIT") => Some(Self::Commit),
            () if says(b"\x03BEGIN") => Some(Self::Begin),
            () => None,
        }
    }
}

impl State {
    /// What happens to a word that comes by now.
    fn next_spoil(&mut self, word: Option<Hold>) -> Option<Spoil> {
        let due = match &mut self.words {
            None => word == Some(Hold::Commit),
            Some(0) => true,
            Some(words) => {
                *words -= 1;
                false
            }
        };
        let spoil = due.then(|| self.spoil.take()).flatten()?;
        if !self.away_after_spoil.is_zero() {
            self.away_until = Some(Instant::now() + self.away_after_spoil);
            self.cut_all();
        }
        self.spoiled = true;
        Some(spoil)
    }

    fn cut_all(&mut self) {
        self.clients.drain(..).for_each(|client| cut(&client));
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
