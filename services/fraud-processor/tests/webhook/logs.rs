//! What the log says, and what it must not.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use tracing_subscriber::fmt::MakeWriter;

use crate::bench::{Bench, until};
use crate::receiver::{Answer, Receiver, status};

/// Keeps what is logged on this thread.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    pub fn count(&self, text: &str) -> usize {
        self.text().matches(text).count()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// Listens until the guard is dropped.
pub fn listen() -> (Log, tracing::subscriber::DefaultGuard) {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(log.clone())
        .finish();
    (log, tracing::subscriber::set_default(subscriber))
}

#[tokio::test]
async fn neither_log_nor_table_shows_the_token_or_the_path() {
    let (log, _guard) = listen();
    let bench = Bench::new().await;
    // A receiver that repeats all it knows, first for a moment and then for good.
    let receiver = Receiver::new(|number, seen| {
        let token = seen.header("authorization").to_owned();
        let said = format!("{token} is not welcome at {}", seen.target);
        let status = if number < 5 { 503 } else { 403 };
        let location = format!("http://elsewhere{}", seen.target);
        Answer::Status(status, vec![("location", location)], said)
    })
    .await;
    bench.raise(1).await;
    let url = format!("http://{}/services/hunter2?key=hunter3", receiver.address);
    let mut running = bench.dispatch(&[
        ("ALERT_WEBHOOK_URL", &url),
        ("ALERT_WEBHOOK_TOKEN", "hunter4"),
    ]);
    bench.wait_for("failed", 1).await;
    running.end().await;
    assert_eq!(receiver.seen()[0].header("authorization"), "Bearer hunter4");
    let reason = bench.error("failed").await.unwrap();
    assert_eq!(reason, "403 Forbidden: Bearer *** is not welcome at ***");
    let text = log.text();
    for expected in [
        &format!("webhook=http://{}", receiver.address),
        "can be read by anybody on the way",
        "the webhook does not answer",
        "the webhook answers again",
        "the webhook refused an alert for good",
        "source=\"payments/0/0\"",
    ] {
        assert!(text.contains(expected), "{expected} in {text}");
    }
    assert!(!text.contains("hunter"), "{text}");
}

#[tokio::test]
async fn an_outage_is_one_line_and_so_is_its_end() {
    let (log, _guard) = listen();
    let bench = Bench::new().await;
    let open = Arc::new(AtomicBool::new(false));
    let gate = Arc::clone(&open);
    let receiver = Receiver::new(move |_, _| match gate.load(Ordering::SeqCst) {
        true => status(200),
        false => status(500),
    })
    .await;
    bench.raise(50).await;
    let mut running = bench.dispatch(&[("ALERT_WEBHOOK_URL", &receiver.url())]);
    until("many tries failed", async || {
        running.alerts("retried") > 40.0
    })
    .await;
    open.store(true, Ordering::SeqCst);
    bench.wait_for("delivered", 50).await;
    running.end().await;
    assert_eq!(log.count("the webhook does not answer"), 1);
    assert_eq!(log.count("the webhook answers again"), 1);
    assert_eq!(log.count("ERROR"), 0);
}
