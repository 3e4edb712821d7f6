//! The loop on a producer that does as it is told.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use chrono_tz::Tz;
use kafka::Cause;
use prometheus::Registry;

use super::*;
use crate::generator::{Format, Plan};

/// A producer whose queue takes `room` records, and whose brokers answer as scripted.
#[derive(Clone)]
struct Script {
    taken: Rc<RefCell<Vec<Vec<u8>>>>,
    taken_at: Rc<RefCell<Vec<Instant>>>,
    /// Which turn of the loop each was taken in.
    taken_in: Rc<RefCell<Vec<u64>>>,
    turns: Rc<Cell<u64>>,
    waiting: Rc<Cell<u64>>,
    room: u64,
    answers: Answers,
    outcome: Arc<Outcome>,
    stop: CancellationToken,
}

#[derive(Clone, Copy, PartialEq)]
enum Answers {
    /// Every record is acknowledged.
    Always,
    /// Nothing is, ever.
    Never,
    /// The record of this number is refused, the others are acknowledged.
    LosesReportOf(usize),
    /// Every record is refused; one report is handed over at a time.
    LosesAll,
    /// The record of this number is not even taken.
    Refuses(usize),
}

impl Publish for Script {
    fn publish(&self, record: &NewRecord<'_>) -> Result<Sent, Loss> {
        if self.waiting.get() == self.room {
            return Ok(Sent::Full);
        }
        let number = self.taken.borrow().len();
        if self.answers == Answers::Refuses(number) {
            return Err(Loss {
                cause: Cause::TooLarge,
                text: "scripted".to_owned(),
            });
        }
        self.taken.borrow_mut().push(record.payload.to_vec());
        self.taken_at.borrow_mut().push(Instant::now());
        self.taken_in.borrow_mut().push(self.turns.get());
        self.waiting.set(self.waiting.get() + 1);
        Ok(Sent::Queued)
    }

    fn serve(&self) {
        self.turns.set(self.turns.get() + 1);
        if self.answers == Answers::Never {
            return;
        }
        let lost = || {
            self.outcome.lost(Loss {
                cause: Cause::NotAuthorized,
                text: "scripted".to_owned(),
            });
        };
        if self.answers == Answers::LosesAll {
            if self.waiting.get() > 0 {
                self.waiting.set(self.waiting.get() - 1);
                lost();
            }
            return;
        }
        let taken = self.taken.borrow().len();
        for number in taken - usize::try_from(self.waiting.get()).unwrap()..taken {
            match self.answers {
                Answers::LosesReportOf(refused) if refused == number => lost(),
                _ => self.outcome.delivered(),
            }
        }
        self.waiting.set(0);
    }

    fn waiting(&self) -> u64 {
        self.waiting.get()
    }

    fn flush(&self, limit: Duration) -> bool {
        self.serve();
        if self.waiting.get() > 0 {
            std::thread::sleep(limit);
        }
        self.waiting.get() == 0
    }
}

fn plan(per_second: f64) -> Plan {
    Plan {
        seed: 1,
        start_ms: 1_643_346_187_000,
        pace: Pace::new(per_second),
        time_zone: Tz::UTC,
        accounts: 10,
        format: Format::Full,
    }
}

fn publisher(plan: Plan, count: u64, room: u64, answers: Answers) -> (Publisher<Script>, Script) {
    let metrics = Metrics::register(&Registry::new()).unwrap();
    let outcome = Arc::new(Outcome::new(metrics.clone()));
    let script = Script {
        taken: Rc::default(),
        taken_at: Rc::default(),
        taken_in: Rc::default(),
        turns: Rc::default(),
        waiting: Rc::default(),
        room,
        answers,
        outcome: Arc::clone(&outcome),
        stop: CancellationToken::new(),
    };
    let publisher = Publisher {
        producer: script.clone(),
        topic: "payments".to_owned(),
        generator: Generator::new(plan),
        pace: plan.pace,
        count,
        hold: Hold::default(),
        outcome,
        metrics,
        vitals: Arc::default(),
    };
    (publisher, script)
}

/// What the generator makes, in order.
fn expected(plan: Plan, count: usize) -> Vec<Vec<u8>> {
    Generator::new(plan)
        .take(count)
        .map(|made| made.payload)
        .collect()
}

/// Stops the loop as soon as it idles.
fn stop_when_idle(script: &Script) -> std::thread::JoinHandle<()> {
    let (outcome, stop) = (Arc::clone(&script.outcome), script.stop.clone());
    std::thread::spawn(move || {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !outcome.ready().is_ok_and(|note| note.starts_with("idle"))
            && Instant::now() < deadline
        {
            std::thread::sleep(Duration::from_millis(1));
        }
        stop.cancel();
    })
}

#[test]
fn a_count_is_delivered_in_order_and_then_it_idles() {
    let (publisher, script) = publisher(plan(1_000_000.0), 12_345, u64::MAX, Answers::Always);
    let (metrics, watcher) = (publisher.metrics.clone(), stop_when_idle(&script));
    publisher.run(&script.stop).unwrap();
    watcher.join().unwrap();
    assert_eq!(*script.taken.borrow(), expected(plan(1_000_000.0), 12_345));
    assert_eq!(metrics.produced.get(), 12_345);
}

#[test]
fn a_full_queue_neither_skips_nor_doubles_nor_reorders() {
    let (publisher, script) = publisher(plan(1_000_000.0), 100, 7, Answers::Always);
    let (metrics, watcher) = (publisher.metrics.clone(), stop_when_idle(&script));
    publisher.run(&script.stop).unwrap();
    watcher.join().unwrap();
    assert_eq!(*script.taken.borrow(), expected(plan(1_000_000.0), 100));
    assert!(metrics.queue_full.get() > 0);
}

#[test]
fn a_burst_waits_until_the_last_one_is_acknowledged() {
    let (mut publisher, script) = publisher(plan(1_000.0), 0, u64::MAX, Answers::Never);
    let (metrics, stop) = (publisher.metrics.clone(), script.stop.clone());
    let watcher = std::thread::spawn(move || {
        let deadline = Instant::now() + Duration::from_secs(20);
        while metrics.late_seconds.get() < 0.1 && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(1));
        }
        stop.cancel();
        metrics.late_seconds.get()
    });
    publisher
        .drained_within(Duration::from_millis(1), &script.stop)
        .unwrap_err();
    assert!(watcher.join().unwrap() >= 0.1, "others came due");
    let taken_in = script.taken_in.borrow();
    assert!(taken_in.iter().all(|turn| *turn == taken_in[0]));
}

#[test]
fn payments_wait_until_they_are_due() {
    let plan = plan(50.0);
    let (publisher, script) = publisher(plan, 5, u64::MAX, Answers::Always);
    let (start, watcher) = (Instant::now(), stop_when_idle(&script));
    publisher.run(&script.stop).unwrap();
    watcher.join().unwrap();
    let taken_at = script.taken_at.borrow();
    assert_eq!(taken_at.len(), 5);
    for (number, taken_at) in (0..).zip(&*taken_at) {
        assert!(
            *taken_at - start >= plan.pace.due(number),
            "payment {number}"
        );
    }
}

#[test]
fn what_is_held_back_is_late_and_not_lost() {
    let (mut publisher, script) = publisher(plan(1_000_000.0), 50, u64::MAX, Answers::Always);
    let open = Instant::now() + Duration::from_millis(50);
    publisher.hold = Hold::until(move |number| number < 25 || Instant::now() >= open);
    let watcher = stop_when_idle(&script);
    publisher.run(&script.stop).unwrap();
    watcher.join().unwrap();
    assert!(script.taken_at.borrow()[25] >= open);
    assert_eq!(*script.taken.borrow(), expected(plan(1_000_000.0), 50));
}

#[test]
fn a_lost_payment_ends_the_loop_with_its_cause() {
    for answers in [Answers::LosesReportOf(3), Answers::Refuses(3)] {
        let (mut publisher, script) = publisher(plan(1_000_000.0), 0, 100, answers);
        let metrics = publisher.metrics.clone();
        let error = publisher.drained_within(DRAIN, &script.stop).unwrap_err();
        assert!(
            matches!(error, PublishError::Lost { payments: 1, .. }),
            "{error}"
        );
        assert_eq!(script.waiting.get(), 0, "the others had their chance");
        assert_eq!(
            metrics.produced.get(),
            script.taken.borrow().len() as u64 - u64::from(answers == Answers::LosesReportOf(3))
        );
    }
}

#[test]
fn every_loss_is_counted_not_only_the_one_that_ended_the_loop() {
    let (mut publisher, script) = publisher(plan(1_000_000.0), 3, u64::MAX, Answers::LosesAll);
    // All three are due when the first may go, so that they go together.
    let open = Instant::now() + Duration::from_millis(10);
    publisher.hold = Hold::until(move |_| Instant::now() >= open);
    let error = publisher.drained_within(DRAIN, &script.stop).unwrap_err();
    assert!(
        matches!(error, PublishError::Lost { payments: 3, .. }),
        "{error}"
    );
}

#[test]
fn a_loss_stays_to_be_scraped_for_its_time() {
    let (mut publisher, script) = publisher(plan(1_000_000.0), 0, 100, Answers::LosesReportOf(3));
    let (start, show) = (Instant::now(), Duration::from_millis(250));
    let error = publisher.run_within(DRAIN, show, &script.stop).unwrap_err();
    assert!(matches!(error, PublishError::Lost { .. }), "{error}");
    assert!(start.elapsed() >= show, "it did not stay");
}

#[test]
fn a_loss_that_is_shown_ends_when_it_is_told_to_stop() {
    let (mut publisher, script) = publisher(plan(1_000_000.0), 0, 100, Answers::LosesReportOf(3));
    let (outcome, stop) = (Arc::clone(&script.outcome), script.stop.clone());
    let watcher = std::thread::spawn(move || {
        let deadline = Instant::now() + Duration::from_secs(20);
        while outcome.intact().is_ok() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(1));
        }
        stop.cancel();
    });
    let an_hour = Duration::from_secs(3_600);
    let error = publisher
        .run_within(DRAIN, an_hour, &script.stop)
        .unwrap_err();
    assert!(matches!(error, PublishError::Lost { .. }), "{error}");
    watcher.join().unwrap();
}

#[test]
fn a_stop_drains_what_was_handed_over() {
    let (publisher, script) = publisher(plan(1_000.0), 0, u64::MAX, Answers::Always);
    let (metrics, stop) = (publisher.metrics.clone(), script.stop.clone());
    let watcher = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(100));
        stop.cancel();
    });
    publisher.run(&script.stop).unwrap();
    watcher.join().unwrap();
    assert_eq!(metrics.produced.get(), script.taken.borrow().len() as u64);
    assert!(metrics.produced.get() >= 50);
}

#[test]
fn what_nobody_acknowledged_at_the_end_is_counted_and_fails() {
    let (mut publisher, script) = publisher(plan(1_000_000.0), 10, u64::MAX, Answers::Never);
    let (outcome, stop) = (Arc::clone(&script.outcome), script.stop.clone());
    let watcher = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(200));
        let note = outcome.ready();
        stop.cancel();
        note
    });
    let error = publisher
        .drained_within(Duration::from_millis(50), &script.stop)
        .unwrap_err();
    let PublishError::Unacknowledged { payments, .. } = error else {
        panic!("{error}")
    };
    assert!(payments > 0);
    assert_eq!(payments, script.taken.borrow().len() as u64);
    assert!(
        watcher
            .join()
            .unwrap()
            .is_ok_and(|note| !note.starts_with("idle"))
    );
}
