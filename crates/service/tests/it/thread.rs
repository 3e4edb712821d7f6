//! Threads whose end is noticed.

use std::io;
use std::sync::mpsc;

use service::causes;
use service::thread::{ThreadError, join_all, spawn};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::http::DEADLINE;

type Outcome = Result<u32, io::Error>;

#[tokio::test]
async fn a_thread_hands_out_its_value_under_its_name() {
    let work = || -> Result<Option<String>, io::Error> {
        Ok(std::thread::current().name().map(str::to_owned))
    };
    let name = spawn("worker-7", work).await.expect("a value");
    assert_eq!(name.as_deref(), Some("worker-7"));
}

#[tokio::test]
async fn an_error_and_a_panic_name_the_thread() {
    let failed = spawn("worker-0", || -> Outcome {
        Err(io::Error::other("disk is gone"))
    })
    .await;
    let failed = failed.expect_err("an error");
    assert!(matches!(failed, ThreadError::Failed { .. }), "{failed:?}");
    assert_eq!(causes(&failed), "thread worker-0 failed: disk is gone");

    let number = 7;
    let panicked = spawn("worker-1", move || -> Outcome { panic!("no {number}") }).await;
    let panicked = panicked.expect_err("a panic");
    assert!(
        matches!(panicked, ThreadError::Panicked { .. }),
        "{panicked:?}"
    );
    assert_eq!(causes(&panicked), "thread worker-1 panicked: no 7");
}

#[tokio::test]
async fn all_values_come_in_the_order_of_the_threads() {
    let (first, second) = mpsc::channel();
    let threads = [
        spawn("late", move || -> Outcome {
            second.recv().map_err(io::Error::other)
        }),
        spawn("early", move || -> Outcome {
            first.send(1).map_err(io::Error::other)?;
            Ok(2)
        }),
    ];
    let values = join_all(threads, &CancellationToken::new())
        .await
        .expect("values");
    assert_eq!(values, [1, 2]);
}

#[tokio::test]
async fn the_first_to_fail_makes_the_others_drain_and_is_the_answer() {
    let shutdown = CancellationToken::new();
    let runtime = tokio::runtime::Handle::current();
    let drains = {
        let shutdown = shutdown.clone();
        spawn("drains", move || -> Outcome {
            runtime.block_on(shutdown.cancelled());
            Err(io::Error::other("failed while draining"))
        })
    };
    let fails = spawn("fails", || -> Outcome { panic!("first") });
    let error = timeout(DEADLINE, join_all([drains, fails], &shutdown))
        .await
        .expect("an end in time")
        .expect_err("an error");
    assert_eq!(causes(&error), "thread fails panicked: first");
    assert!(shutdown.is_cancelled());
}

#[tokio::test]
async fn waiting_for_no_thread_ends_at_once() {
    let none: [service::thread::Thread<u32, io::Error>; 0] = [];
    let values = join_all(none, &CancellationToken::new())
        .await
        .expect("values");
    assert!(values.is_empty());
}
