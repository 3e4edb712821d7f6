//! A client that says exactly what it is told to.

use std::net::SocketAddr;
use std::time::Duration;

use prometheus::Registry;
use service::admin::{self, Admin};
use service::{Process, metrics};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// No answer takes longer unless something is wrong.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// A server on a free port of the loopback.
pub async fn serve() -> (Process, Admin) {
    let process = Process::new(Registry::new()).expect("a process");
    metrics::register(&process.registry, "test", "1.2.3").expect("metrics");
    let free = SocketAddr::from(([127, 0, 0, 1], 0));
    let admin = admin::serve(free, process.clone()).await.expect("a server");
    (process, admin)
}

/// Sends `request` and reads until the server closes the connection.
pub async fn exchange(address: SocketAddr, request: &[u8]) -> String {
    let exchange = async {
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        // The server may have had enough before everything is said.
        let _ = stream.write_all(request).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8(answer).expect("text")
    };
    timeout(DEADLINE, exchange)
        .await
        .expect("an answer in time")
}

/// Status and body of `METHOD PATH`.
pub async fn ask(address: SocketAddr, method_and_path: &str) -> (u16, String) {
    let request = format!("{method_and_path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n");
    let answer = exchange(address, request.as_bytes()).await;
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let status = head.split(' ').nth(1).expect("a status");
    (status.parse().expect("a number"), body.to_owned())
}
