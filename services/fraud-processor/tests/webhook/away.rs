//! Receivers, and databases, that have a bad day.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fraud_processor::backoff::Backoff;
use tokio::net::TcpListener;

use crate::bench::{Bench, until};
use crate::logs;
use crate::receiver::{Answer, Receiver, status};

#[tokio::test]
async fn what_fails_for_a_moment_is_posted_again_under_the_same_key() {
    let bench = Bench::new().await;
    let answers = [500, 502, 408, 425, 503, 200];
    let receiver = Receiver::new(move |number, _| status(answers[number])).await;
    bench.raise(1).await;
    let mut running = bench.dispatch(&[("ALERT_WEBHOOK_URL", &receiver.url())]);
    bench.wait_for("delivered", 1).await;
    running.end().await;
    assert_eq!(receiver.keys(), ["payments/0/0"; 6]);
    assert_eq!(bench.error("delivered").await, None);
    assert_eq!(running.alerts("retried"), 5.0);
    assert_eq!(running.alerts("delivered"), 1.0);
    assert_eq!(running.metric("fraudstream_webhook_answers"), 1.0);
}

#[tokio::test]
async fn a_receiver_that_asks_for_a_pause_gets_it_from_all_alerts() {
    let bench = Bench::new().await;
    let receiver = Receiver::new(|number, _| match number {
        0 => Answer::Status(429, vec![("retry-after", "1".to_owned())], String::new()),
        _ => status(200),
    })
    .await;
    bench.raise(1).await;
    let _running = bench.dispatch(&[("ALERT_WEBHOOK_URL", &receiver.url())]);
    until("the pause was asked for", async || {
        bench.error("pending").await.as_deref() == Some("429 Too Many Requests")
    })
    .await;
    bench.raise(5).await;
    bench.wait_for("delivered", 6).await;
    let seen = receiver.seen();
    assert_eq!(seen.len(), 7);
    let pause = seen[1].at - seen[0].at;
    assert!(pause >= Duration::from_secs(1), "{pause:?}");
}

#[tokio::test]
async fn a_receiver_that_does_not_answer_in_time_is_asked_again() {
    let bench = Bench::new().await;
    let receiver = Receiver::new(|number, _| match number {
        0 => Answer::Silence,
        _ => status(200),
    })
    .await;
    bench.raise(1).await;
    let mut running = bench.dispatch_with(
        &[
            ("ALERT_WEBHOOK_URL", &receiver.url()),
            ("ALERT_WEBHOOK_TIMEOUT_MS", "100"),
        ],
        |options| {
            options.alert_backoff = Backoff {
                first: Duration::from_millis(500),
                longest: Duration::from_millis(500),
            };
        },
    );
    until("the timeout was noted", async || {
        bench.error("pending").await.as_deref() == Some("no answer within 100 ms")
    })
    .await;
    bench.wait_for("delivered", 1).await;
    running.end().await;
    assert_eq!(receiver.keys(), ["payments/0/0"; 2]);
}

#[tokio::test]
async fn a_receiver_that_is_away_is_asked_by_one_alert_at_a_time_until_it_is_back() {
    let bench = Bench::new().await;
    let open = Arc::new(AtomicBool::new(false));
    let gate = Arc::clone(&open);
    let receiver = Receiver::new(move |_, _| match gate.load(Ordering::SeqCst) {
        true => status(200),
        false => status(503),
    })
    .await;
    bench.raise(300).await;
    let mut running = bench.dispatch(&[("ALERT_WEBHOOK_URL", &receiver.url())]);
    until("it was asked again and again", async || {
        receiver.seen().len() > 40
    })
    .await;
    assert_eq!(running.metric("fraudstream_webhook_answers"), 0.0);
    let in_vain = receiver.seen().len();
    open.store(true, Ordering::SeqCst);
    bench.wait_for("delivered", 300).await;
    running.end().await;
    assert_eq!(running.metric("fraudstream_webhook_answers"), 1.0);
    assert_eq!(
        receiver.keys().into_iter().collect::<BTreeSet<_>>().len(),
        300
    );
    assert!(receiver.most_open() <= 16);
    // After those that were under way at the first failure, one at a time: a pause lies between two of them.
    for pair in receiver.seen()[16..in_vain].windows(2) {
        let gap = pair[1].at - pair[0].at;
        assert!(gap >= Duration::from_millis(2), "{gap:?}");
    }
}

#[tokio::test]
async fn a_receiver_that_comes_up_late_gets_everything() {
    let bench = Bench::new().await;
    let address = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    bench.raise(30).await;
    let url = format!("http://{address}/");
    let running = bench.dispatch(&[("ALERT_WEBHOOK_URL", &url)]);
    until("nobody is there", async || {
        let error = bench.error("pending").await.unwrap_or_default();
        error.contains("Connection refused") && running.alerts("retried") > 5.0
    })
    .await;
    assert_eq!(bench.count("pending").await, 30);
    let receiver = Receiver::at(address, None, |_, _| status(200)).await;
    bench.wait_for("delivered", 30).await;
    assert_eq!(receiver.seen().len(), 30);
}

#[tokio::test]
async fn one_alert_that_the_receiver_stumbles_over_holds_up_no_other() {
    let bench = Bench::new().await;
    let receiver = Receiver::new(|_, seen| match seen.key().as_str() {
        "payments/0/0" => status(500),
        _ => status(200),
    })
    .await;
    bench.raise(101).await;
    let running = bench.dispatch_with(&[("ALERT_WEBHOOK_URL", &receiver.url())], |options| {
        // Long enough for the test to fail should the others have to wait.
        let hour = Duration::from_secs(3_600);
        options.receiver_backoff = Backoff {
            first: hour,
            longest: hour,
        };
    });
    bench.wait_for("delivered", 100).await;
    assert_eq!(bench.count("pending").await, 1);
    assert!(running.alerts("retried") > 1.0);
}

#[tokio::test]
async fn an_outbox_that_cannot_be_read_for_a_while_ends_nobody() {
    let (log, _guard) = logs::listen();
    let bench = Bench::new().await;
    let receiver = Receiver::new(|_, _| status(200)).await;
    bench.raise(3).await;
    bench
        .database
        .sql("ALTER TABLE alerts RENAME TO alerts_away")
        .await;
    let mut running = bench.dispatch(&[("ALERT_WEBHOOK_URL", &receiver.url())]);
    until("it was tried", async || {
        log.count("the outbox cannot be used") > 0
    })
    .await;
    assert!(receiver.seen().is_empty());
    bench
        .database
        .sql("ALTER TABLE alerts_away RENAME TO alerts")
        .await;
    bench.wait_for("delivered", 3).await;
    running.end().await;
    assert_eq!(receiver.seen().len(), 3);
    assert_eq!(log.count("the outbox cannot be used"), 1);
    assert_eq!(log.count("the outbox can be used again"), 1);
}

#[tokio::test]
async fn an_alert_that_the_database_will_not_mark_holds_up_no_other() {
    let (log, _guard) = logs::listen();
    let bench = Bench::new().await;
    let receiver = Receiver::new(|_, _| status(200)).await;
    bench.raise(16).await;
    let refusal = if bench.database.url().starts_with("mysql:") {
        "ALTER TABLE alerts ADD CONSTRAINT refused CHECK (source_offset <> 7 OR state <> 'delivered')"
    } else {
        "CREATE TRIGGER refused BEFORE UPDATE ON alerts WHEN NEW.source_offset = 7 AND NEW.state = 'delivered' \
         BEGIN SELECT RAISE(ABORT, 'refused'); END"
    };
    bench.database.sql(refusal).await;
    let mut running = bench.dispatch(&[("ALERT_WEBHOOK_URL", &receiver.url())]);
    bench.wait_for("delivered", 15).await;
    running.end().await;
    assert_eq!(receiver.seen().len(), 16);
    assert_eq!(running.alerts("delivered"), 15.0);
    assert_eq!(bench.count("pending").await, 1);
    assert_eq!(log.count("could not note what became of an alert"), 1);
    assert!(log.text().contains("payments/0/7"), "{}", log.text());
}
