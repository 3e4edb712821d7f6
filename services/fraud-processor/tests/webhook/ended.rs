//! The way out.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::bench::{Bench, until};
use crate::receiver::{Answer, Receiver, status};

#[tokio::test]
async fn what_is_under_way_is_ended_and_nothing_else_is_begun() {
    let bench = Bench::new().await;
    let gate = Arc::new(Semaphore::new(0));
    let receiver = Receiver::new(|_, _| status(200)).await;
    let slow = SlowDoor::new(receiver.address, Arc::clone(&gate)).await;
    bench.raise(40).await;
    let url = format!("http://{}/", slow.address);
    let mut running = bench.dispatch(&[("ALERT_WEBHOOK_URL", &url)]);
    until("sixteen are at the door", async || slow.waiting() == 16).await;
    running.stop.cancel();
    gate.add_permits(1_000);
    running.end().await;
    assert_eq!(bench.count("delivered").await, 16);
    assert_eq!(bench.count("pending").await, 24);
    assert_eq!(receiver.seen().len(), 16);
}

#[tokio::test]
async fn a_receiver_that_hangs_holds_the_way_out_no_longer_than_the_timeout() {
    let bench = Bench::new().await;
    let receiver = Receiver::new(|_, _| Answer::Silence).await;
    bench.raise(20).await;
    let mut running = bench.dispatch(&[
        ("ALERT_WEBHOOK_URL", &receiver.url()),
        ("ALERT_WEBHOOK_TIMEOUT_MS", "500"),
    ]);
    until("sixteen are under way", async || {
        receiver.seen().len() == 16
    })
    .await;
    let begun = Instant::now();
    running.end().await;
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert_eq!(receiver.seen().len(), 16);
    assert_eq!(bench.count("pending").await, 20);
    assert_eq!(running.alerts("retried"), 16.0);
}

/// A port before a receiver's that lets connections through when it is told to.
struct SlowDoor {
    address: SocketAddr,
    waiting: Arc<AtomicUsize>,
    _door: JoinSet<()>,
}

impl SlowDoor {
    async fn new(to: SocketAddr, gate: Arc<Semaphore>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let waiting = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&waiting);
        let mut door = JoinSet::new();
        door.spawn(async move {
            let mut streams = JoinSet::new();
            loop {
                let (mut from, _) = listener.accept().await.unwrap();
                let (gate, counted) = (Arc::clone(&gate), Arc::clone(&counted));
                streams.spawn(async move {
                    counted.fetch_add(1, Ordering::SeqCst);
                    let _permit = gate.acquire().await.unwrap();
                    let mut to = TcpStream::connect(to).await.unwrap();
                    let _ = tokio::io::copy_bidirectional(&mut from, &mut to).await;
                });
            }
        });
        Self {
            address,
            waiting,
            _door: door,
        }
    }

    fn waiting(&self) -> usize {
        self.waiting.load(Ordering::SeqCst)
    }
}
