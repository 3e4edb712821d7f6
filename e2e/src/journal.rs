//! What a run says: one line for each step, with the seconds since its start.

use std::cell::{Cell, RefCell};
use std::fmt::Display;
use std::time::Instant;

/// Lines on stdout, and the checks that did not hold.
#[derive(Debug)]
pub struct Journal {
    started: Instant,
    scenario: Cell<&'static str>,
    failed: RefCell<Vec<String>>,
}

impl Journal {
    /// Starts the clock.
    pub fn start() -> Self {
        Self {
            started: Instant::now(),
            scenario: Cell::new("e2e"),
            failed: RefCell::default(),
        }
    }

    /// What follows belongs to this scenario.
    pub fn enter(&self, scenario: &'static str) {
        self.scenario.set(scenario);
    }

    /// One step.
    pub fn say(&self, what: impl Display) {
        let seconds = self.started.elapsed().as_secs_f64();
        println!("{seconds:7.1} s  {:<15} {what}", self.scenario.get());
    }

    /// A check: the run goes on and fails at its end if it does not hold.
    pub fn check(&self, holds: bool, what: impl Display) {
        let verdict = if holds { "ok" } else { "FAILED" };
        self.say(format_args!("{verdict}: {what}"));
        if !holds {
            self.fail(what);
        }
    }

    /// Notes a failure that was told already.
    pub fn fail(&self, what: impl Display) {
        let sentence = format!("{}: {what}", self.scenario.get());
        self.failed.borrow_mut().push(sentence);
    }

    /// How many checks did not hold so far.
    pub fn failures(&self) -> usize {
        self.failed.borrow().len()
    }

    /// What did not hold.
    pub fn failed(&self) -> Vec<String> {
        self.failed.borrow().clone()
    }
}
