//! A door before MySQL that counts who knocks.

use std::io::copy;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::spawn;

use crate::servers::MYSQL;

/// Passes every connection on. Its threads end with the test program.
pub struct Door {
    address: String,
    knocks: Arc<AtomicUsize>,
}

impl Door {
    /// On a free port of the address that MySQL's certificate names.
    pub fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let knocks = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&knocks);
        spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                counted.fetch_add(1, Ordering::Relaxed);
                let server = TcpStream::connect(MYSQL).expect("MySQL");
                let twins = (client.try_clone(), server.try_clone());
                let (back, forth) = (twins.0.expect("a twin"), twins.1.expect("a twin"));
                spawn(move || pass(client, server));
                spawn(move || pass(forth, back));
            }
        });
        Self { address, knocks }
    }

    /// Where it is.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// How many connections there were.
    pub fn knocks(&self) -> usize {
        self.knocks.load(Ordering::Relaxed)
    }
}

/// Passes on what one side says until it has nothing more to say.
fn pass(mut from: TcpStream, mut to: TcpStream) {
    let _ = copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
}
