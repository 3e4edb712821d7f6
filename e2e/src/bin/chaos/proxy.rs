//! A proxy in front of MySQL that can break a connection at its COMMIT.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use e2e::failure::{Attempt as _, Failure, Outcome};
use sqlx::Connection as _;
use sqlx::mysql::MySqlConnection;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

/// When the connection breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// The server never sees the COMMIT.
    Before,
    /// The server has answered it, and the answer gets lost.
    After,
}

/// The proxy. Its tasks end with the runtime.
pub struct Proxy {
    /// Where it listens.
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// What happens to the next COMMIT that comes by.
    ordered: Option<Cut>,
    cuts: u64,
}

impl Proxy {
    /// Listens at `host` and talks to the server of `url`.
    pub fn start(host: &str, url: &str, runtime: &Runtime) -> Outcome<Self> {
        let server =
            server_of(url).ok_or_else(|| Failure::new("DATABASE_URL names no server and port"))?;
        let listener = runtime.block_on(TcpListener::bind((host, 0)));
        let listener = listener.attempt(format_args!("listen on {host}"))?;
        let address = listener
            .local_addr()
            .attempt("ask where the proxy listens")?;
        let state = Arc::<Mutex<State>>::default();
        let (url, server, sharing) = (url.to_owned(), server.to_owned(), Arc::clone(&state));
        runtime.spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (url, server, state) = (url.clone(), server.clone(), Arc::clone(&sharing));
                // Whatever ends a connection ends both of its sides, which is all there is to do.
                tokio::spawn(async move {
                    vouch(&url).await?;
                    serve(client, &server, &state).await
                });
            }
        });
        Ok(Self { address, state })
    }

    /// Cuts the next COMMIT, or lets all of them pass.
    pub fn order(&self, cut: Option<Cut>) {
        lock(&self.state).ordered = cut;
    }

    /// How many were cut so far.
    pub fn cuts(&self) -> u64 {
        lock(&self.state).cuts
    }
}

/// MySQL believes a password without TLS only if it has seen it over TLS since its start.
async fn vouch(url: &str) -> io::Result<()> {
    let connection = MySqlConnection::connect(url).await;
    connection
        .map_err(io::Error::other)?
        .close()
        .await
        .map_err(io::Error::other)
}

async fn serve(client: TcpStream, server: &str, state: &Mutex<State>) -> io::Result<()> {
    let server = TcpStream::connect(server).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    greet(&mut from_server, &mut to_client).await?;
    let mut from_both = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    loop {
        tokio::select! {
            count = from_client.read(&mut from_both.0) => {
                let said = &from_both.0[..count?];
                let cut = match is_commit(said) {
                    true => lock(state).ordered.take(),
                    false => None,
                };
                if cut != Some(Cut::Before) {
                    to_server.write_all(said).await?;
                }
                if cut == Some(Cut::After) {
                    // Something comes once it is done.
                    from_server.readable().await?;
                }
                if cut.is_some() {
                    lock(state).cuts += 1;
                }
                if said.is_empty() || cut.is_some() {
                    return Ok(());
                }
            }
            count = from_server.read(&mut from_both.1) => {
                let said = &from_both.1[..count?];
                if said.is_empty() {
                    return Ok(());
                }
                to_client.write_all(said).await?;
            }
        }
    }
}

/// Hands on the server's first packet without its offer of TLS: we have to see what passes.
async fn greet(server: &mut OwnedReadHalf, client: &mut OwnedWriteHalf) -> io::Result<()> {
    let mut header = [0; 4];
    server.read_exact(&mut header).await?;
    let length = u32::from_le_bytes([header[0], header[1], header[2], 0]);
    let mut greeting = vec![0; length as usize];
    server.read_exact(&mut greeting).await?;
    refuse_tls(&mut greeting);
    client.write_all(&header).await?;
    client.write_all(&greeting).await
}

/// The bit stands in the second byte of the capabilities, which follow the protocol's number, the version up to its
/// zero, the connection's number, eight bytes of salt and a filler.
fn refuse_tls(greeting: &mut [u8]) {
    const TLS: u8 = 0x08;
    let version_end = greeting.iter().skip(1).position(|byte| *byte == 0);
    let place = version_end.map(|end| 1 + end + 1 + 4 + 8 + 1 + 1);
    if let Some(capabilities) = place.and_then(|place| greeting.get_mut(place)) {
        *capabilities &= !TLS;
    }
}

/// Whether this is the packet of a COMMIT: length, number, the command "query", and its text. Clients send nothing
/// more until it is answered, so it comes by whole and alone.
fn is_commit(said: &[u8]) -> bool {
    said.get(4..) == Some(b"\x03COMMIT")
}

fn server_of(url: &str) -> Option<&str> {
    let (server, _) = url.rsplit_once('@')?.1.split_once('/')?;
    server.contains(':').then_some(server)
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_is_read_off_the_url() {
        let url = "mysql://fraudstream:secret@127.0.0.1:3306/fraudstream";
        assert_eq!(server_of(url), Some("127.0.0.1:3306"));
        assert_eq!(server_of("sqlite:file"), None);
    }

    #[test]
    fn a_commit_is_known_by_its_packet() {
        assert!(is_commit(b"\x07\0\0\0\x03COMMIT"));
        assert!(!is_commit(b"\x0b\0\0\0\x03SET autocom"));
        assert!(!is_commit(b""));
    }

    #[test]
    fn the_offer_of_tls_is_taken_out_of_a_greeting() {
        let mut greeting = b"\x0a9.7.4\0....saltsalt\0\xff\xff\xff".to_vec();
        refuse_tls(&mut greeting);
        assert_eq!(greeting, b"\x0a9.7.4\0....saltsalt\0\xff\xf7\xff");
    }
}
