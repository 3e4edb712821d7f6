//! Alerts that a receiver will not take.

use std::time::Duration;

use crate::bench::{Bench, until};
use crate::receiver::{Answer, Receiver, status};

/// An alert fails with this answer, after one request; the reason that its row keeps.
async fn refused(answer: Answer) -> String {
    let bench = Bench::new().await;
    let receiver = Receiver::new(move |_, _| answer.clone()).await;
    bench.raise(1).await;
    let mut running = bench.dispatch(&[("ALERT_WEBHOOK_URL", &receiver.url())]);
    bench.wait_for("failed", 1).await;
    // It stays like this.
    bench.raise(1).await;
    bench.wait_for("failed", 2).await;
    running.end().await;
    assert_eq!(receiver.keys(), ["payments/0/0", "payments/0/1"]);
    assert_eq!(running.alerts("failed"), 2.0);
    assert_eq!(running.alerts("retried") + running.alerts("delivered"), 0.0);
    assert_eq!(running.metric("fraudstream_webhook_answers"), 1.0);
    bench.error("failed").await.unwrap()
}

#[tokio::test]
async fn a_refusal_is_final_and_its_reason_is_kept() {
    let answer = Answer::Status(404, Vec::new(), "no such hook".to_owned());
    assert_eq!(refused(answer).await, "404 Not Found: no such hook");
    assert_eq!(refused(status(401)).await, "401 Unauthorized");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Receiver::new(|_, _| status(200)).await;
    for status in [301, 302, 303, 307, 308] {
        let location = vec![("location", elsewhere.url())];
        let reason = refused(Answer::Status(status, location, String::new())).await;
        assert!(
            reason.ends_with(": redirects to 127.0.0.1 are not followed"),
            "{reason}"
        );
    }
    assert_eq!(elsewhere.seen().len(), 0);
}

#[tokio::test]
async fn an_answer_without_an_end_is_read_as_far_as_it_is_of_use() {
    let bench = Bench::new().await;
    let receiver = Receiver::new(|_, _| Answer::Endless(400)).await;
    bench.raise(3).await;
    let mut running = bench.dispatch(&[("ALERT_WEBHOOK_URL", &receiver.url())]);
    bench.wait_for("failed", 3).await;
    until("nobody reads on", async || receiver.endless().0 == 0).await;
    running.end().await;
    let reason = bench.error("failed").await.unwrap();
    assert_eq!(reason, format!("400 Bad Request: {}", "x".repeat(200)));
    // What the system's buffers took, and not more.
    let (_, said) = receiver.endless();
    assert!(said < 64 * 1024 * 1024, "{said} bytes");
}

#[tokio::test]
async fn a_refusal_that_is_half_said_counts_when_the_time_is_up() {
    let bench = Bench::new().await;
    let receiver = Receiver::new(|_, _| Answer::HalfSaid(403)).await;
    bench.raise(1).await;
    let begun = std::time::Instant::now();
    let mut running = bench.dispatch(&[
        ("ALERT_WEBHOOK_URL", &receiver.url()),
        ("ALERT_WEBHOOK_TIMEOUT_MS", "200"),
    ]);
    bench.wait_for("failed", 1).await;
    running.end().await;
    assert!(begun.elapsed() >= Duration::from_millis(200));
    assert_eq!(bench.error("failed").await.unwrap(), "403 Forbidden");
}
