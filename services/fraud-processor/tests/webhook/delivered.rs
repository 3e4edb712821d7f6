//! Alerts that arrive.

use std::time::Duration;

use hyper::Method;

use crate::bench::{Bench, body, until};
use crate::receiver::{Answer, Receiver, status};

#[tokio::test]
async fn an_alert_is_posted_once_as_documented() {
    let bench = Bench::new().await;
    let receiver = Receiver::new(|_, _| status(204)).await;
    bench.raise(1).await;
    let url = format!("http://{}/hook/a%20b?c=d", receiver.address);
    let mut running = bench.dispatch(&[
        ("ALERT_WEBHOOK_URL", &url),
        ("ALERT_WEBHOOK_TOKEN", "hunter2"),
    ]);
    bench.wait_for("delivered", 1).await;
    running.end().await;

    let [seen] = receiver.seen().try_into().unwrap();
    assert_eq!(seen.method, Method::POST);
    assert_eq!(seen.target, "/hook/a%20b?c=d");
    assert_eq!(seen.body, body(0));
    assert_eq!(seen.key(), "payments/0/0");
    assert_eq!(seen.header("content-type"), "application/json");
    assert_eq!(seen.header("authorization"), "Bearer hunter2");
    assert_eq!(seen.header("host"), receiver.address.to_string());
    let agent = format!("fraudstream/{}", env!("CARGO_PKG_VERSION"));
    assert_eq!(seen.header("user-agent"), agent);

    assert_eq!(running.alerts("delivered"), 1.0);
    assert_eq!(running.alerts("retried") + running.alerts("failed"), 0.0);
    assert_eq!(
        running.metric("fraudstream_alert_delivery_seconds_count"),
        1.0
    );
}

#[tokio::test]
async fn without_a_token_nobody_is_authorized() {
    let bench = Bench::new().await;
    let receiver = Receiver::new(|_, _| status(200)).await;
    bench.raise(1).await;
    let _running = bench.dispatch(&[("ALERT_WEBHOOK_URL", &receiver.url())]);
    bench.wait_for("delivered", 1).await;
    assert!(!receiver.seen()[0].headers.contains_key("authorization"));
}

#[tokio::test]
async fn an_idle_dispatcher_is_woken_by_a_new_alert() {
    let bench = Bench::new().await;
    let receiver = Receiver::new(|_, _| status(200)).await;
    let url = receiver.url();
    let running = bench.dispatch_with(&[("ALERT_WEBHOOK_URL", &url)], |options| {
        options.poll = Duration::from_secs(3_600);
    });
    for round in 1..=3 {
        bench.raise(20).await;
        running.raised.notify_one();
        bench.wait_for("delivered", 20 * round).await;
    }
}

#[tokio::test]
async fn a_success_counts_before_its_body_has_ended() {
    let bench = Bench::new().await;
    let receiver = Receiver::new(|number, _| match number {
        0 => Answer::Endless(200),
        _ => Answer::HalfSaid(200),
    })
    .await;
    bench.raise(2).await;
    let mut running = bench.dispatch(&[
        ("ALERT_WEBHOOK_URL", &receiver.url()),
        ("ALERT_WEBHOOK_TIMEOUT_MS", "300"),
    ]);
    bench.wait_for("delivered", 2).await;
    until("nobody reads on", async || receiver.endless().0 == 0).await;
    running.end().await;
    assert_eq!(receiver.seen().len(), 2);
}

#[tokio::test]
async fn waiting_alerts_are_counted() {
    let bench = Bench::new().await;
    let receiver = Receiver::new(|_, _| Answer::Silence).await;
    bench.raise(3).await;
    let running = bench.dispatch(&[("ALERT_WEBHOOK_URL", &receiver.url())]);
    until("three alerts are pending", async || {
        running.metric("fraudstream_alerts_pending") == 3.0
    })
    .await;
}
