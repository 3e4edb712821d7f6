//! What a client may not do to the admin server. Where time matters it is tokio's paused clock,
//! which jumps to the next timer as soon as nothing else can happen.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, advance, timeout};

use crate::http::{DEADLINE, ask, exchange, serve};

const ASK: &[u8] = b"GET /nowhere HTTP/1.1\r\nhost: a\r\n\r\n";

#[tokio::test]
async fn garbage_is_refused_and_the_server_goes_on() {
    let (_process, admin) = serve().await;
    for garbage in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"[..],
        b"hello\r\n\r\n",
        b"\0\0\0\0\r\n\r\n",
    ] {
        let answer = exchange(admin.address(), garbage).await;
        assert!(answer.starts_with("HTTP/1.1 400 Bad Request"), "{answer}");
    }
    assert_eq!(ask(admin.address(), "GET /livez").await.0, 200);
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let (_process, admin) = serve().await;
    let one_header = format!("GET /livez HTTP/1.1\r\nx: {}\r\n\r\n", "a".repeat(9_000));
    let endless_header = format!("GET /livez HTTP/1.1\r\nx: {}", "a".repeat(100_000));
    let many_headers = format!("GET /livez HTTP/1.1\r\n{}\r\n", "x: a\r\n".repeat(200));
    for head in [one_header, endless_header, many_headers] {
        let answer = exchange(admin.address(), head.as_bytes()).await;
        // A client that is still talking may see the connection reset before the answer.
        let refused = answer.starts_with("HTTP/1.1 431 Request Header Fields Too Large");
        assert!(refused || answer.is_empty(), "{answer}");
    }
    let endless_path = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(9_000));
    let answer = exchange(admin.address(), endless_path.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    assert_eq!(ask(admin.address(), "GET /livez").await.0, 200);
}

#[tokio::test]
async fn a_body_is_not_waited_for() {
    let (_process, admin) = serve().await;
    let promise = b"POST /livez HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000000\r\n\r\nabc";
    let answer = exchange(admin.address(), promise).await;
    assert!(answer.starts_with("HTTP/1.1 405"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn a_head_that_never_ends_is_cut_off() {
    let (_process, admin) = serve().await;
    let mut stream = TcpStream::connect(admin.address())
        .await
        .expect("a connection");
    let begin = Instant::now();
    // A byte every two seconds: each is progress, all of them are none.
    for byte in b"GET /livez".iter().cycle() {
        if stream.write_all(&[*byte]).await.is_err()
            || closed(&mut stream, Duration::from_secs(2)).await
        {
            break;
        }
    }
    let seconds = begin.elapsed().as_secs();
    assert!((8..=14).contains(&seconds), "cut off after {seconds} s");
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_closed() {
    let (_process, admin) = serve().await;
    let mut stream = TcpStream::connect(admin.address())
        .await
        .expect("a connection");
    stream.write_all(ASK).await.expect("a request");
    let begin = Instant::now();
    let mut answer = String::new();
    stream
        .read_to_string(&mut answer)
        .await
        .expect("an answer and its end");
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    let seconds = begin.elapsed().as_secs();
    assert!((8..=14).contains(&seconds), "closed after {seconds} s");
}

#[tokio::test(start_paused = true)]
async fn a_connection_does_not_live_for_ever() {
    let (_process, admin) = serve().await;
    let mut stream = TcpStream::connect(admin.address())
        .await
        .expect("a connection");
    let begin = Instant::now();
    loop {
        if stream.write_all(ASK).await.is_err() || !answered(&mut stream).await {
            break;
        }
        assert!(begin.elapsed() < Duration::from_secs(80), "still open");
        advance(Duration::from_secs(5)).await;
    }
    let seconds = begin.elapsed().as_secs();
    assert!((55..=75).contains(&seconds), "closed after {seconds} s");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_its_answers_is_cut_off() {
    let (_process, admin) = serve().await;
    let mut stream = TcpStream::connect(admin.address())
        .await
        .expect("a connection");
    let begin = Instant::now();
    let flood = ASK.repeat(1_000);
    let flooding = async { while stream.write_all(&flood).await.is_ok() {} };
    let cut_off = timeout(Duration::from_secs(200), flooding).await;
    assert!(cut_off.is_ok(), "still open");
    let seconds = begin.elapsed().as_secs();
    assert!((55..=75).contains(&seconds), "cut off after {seconds} s");
}

#[tokio::test(start_paused = true)]
async fn a_connection_past_the_limit_takes_the_place_of_the_oldest() {
    let (_process, admin) = serve().await;
    let mut connections = Vec::new();
    for _ in 0..64 {
        let mut stream = TcpStream::connect(admin.address())
            .await
            .expect("a connection");
        stream.write_all(ASK).await.expect("a request");
        assert!(answered(&mut stream).await);
        connections.push(stream);
    }
    let begin = Instant::now();
    assert_eq!(ask(admin.address(), "GET /livez").await.0, 200);
    assert!(closed(&mut connections[0], Duration::from_secs(1)).await);
    for stream in &mut connections[1..] {
        stream.write_all(ASK).await.expect("a request");
        assert!(answered(stream).await);
    }
    assert!(
        begin.elapsed() < Duration::from_secs(1),
        "{:?}",
        begin.elapsed()
    );
}

#[tokio::test]
async fn hundreds_of_slow_connections_keep_nobody_from_an_answer() {
    let (_process, admin) = serve().await;
    let mut slow = Vec::new();
    for _ in 0..300 {
        let mut stream = TcpStream::connect(admin.address())
            .await
            .expect("a connection");
        stream.write_all(b"GET /livez HT").await.expect("a start");
        slow.push(stream);
    }
    // On the wall's clock: a probe of Kubernetes gives up after a second by default.
    for path in ["GET /livez", "GET /readyz", "GET /metrics"] {
        let begin = std::time::Instant::now();
        ask(admin.address(), path).await;
        let after = begin.elapsed();
        assert!(after < Duration::from_secs(1), "{path} after {after:?}");
    }
    let mut cut_off = 0;
    for stream in &mut slow {
        cut_off += usize::from(closed(stream, Duration::from_millis(1)).await);
    }
    assert!(cut_off >= 300 - 64, "{cut_off} are cut off");
}

#[tokio::test]
async fn an_endless_head_is_not_read_on() {
    let (_process, admin) = serve().await;
    let mut stream = TcpStream::connect(admin.address())
        .await
        .expect("a connection");
    stream
        .write_all(b"GET /livez HTTP/1.1\r\nx: ")
        .await
        .expect("a start");
    let mut taken = 0;
    let pouring = async {
        while let Ok(bytes) = stream.write(&[b'a'; 64 * 1024]).await {
            taken += bytes;
        }
    };
    assert!(timeout(DEADLINE, pouring).await.is_ok(), "still open");
    // Far more than the server keeps: the system buffers on both sides.
    assert!(taken < 32 << 20, "{taken} bytes were taken");
}

#[tokio::test]
async fn a_body_that_never_ends_is_not_read_on() {
    for method in ["GET", "POST"] {
        let (_process, admin) = serve().await;
        let mut stream = TcpStream::connect(admin.address())
            .await
            .expect("a connection");
        let head =
            format!("{method} /livez HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n");
        stream.write_all(head.as_bytes()).await.expect("a request");
        assert!(answered(&mut stream).await, "{method}");
        let chunk = format!("10000\r\n{}\r\n", "a".repeat(0x10000));
        let pouring = async { while stream.write_all(chunk.as_bytes()).await.is_ok() {} };
        assert!(
            timeout(DEADLINE, pouring).await.is_ok(),
            "{method} is still open"
        );
    }
}

/// Whether the server closes the connection within this time.
async fn closed(stream: &mut TcpStream, within: Duration) -> bool {
    let mut buffer = [0; 1024];
    match timeout(within, stream.read(&mut buffer)).await {
        Ok(Ok(bytes)) => bytes == 0,
        Ok(Err(_)) => true,
        Err(_) => false,
    }
}

/// Whether an answer comes before the end of the connection.
async fn answered(stream: &mut TcpStream) -> bool {
    let mut buffer = [0; 1024];
    matches!(stream.read(&mut buffer).await, Ok(1..))
}
