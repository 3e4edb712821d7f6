//! One play: processes are started until every record is decided, whatever goes wrong on the way; then the books are checked.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use prometheus::Registry;
use tokio_util::sync::CancellationToken;

use super::brokers::Source;
use super::client::Client;
use super::plan::{Call, Plan};
use super::world::{Shared, World};
use super::writer::Writer;
use crate::connection::Connection;
use crate::headers::HeaderList;
use crate::ledger::Rewind;
use crate::metrics::Metrics;
use crate::record::Record;
use crate::vitals::Vitals;
use crate::worker::{Options, Route, Routed, Worker, WorkerError};

/// So many processes are started at most.
const PROCESSES: usize = 12;
/// A process turns so often at most.
const TURNS: usize = 3_000;

/// What is played.
#[derive(Debug, Clone)]
pub struct Scene {
    /// Records in each partition.
    pub records: Vec<usize>,
    /// Records in a transaction.
    pub commit_records: usize,
    pub plan: Plan,
}

/// How it went.
#[derive(Debug)]
pub struct Played {
    pub calls: Vec<Call>,
    /// How processes ended before they were told to, in order.
    pub ends: Vec<String>,
    /// Records that routers counted as committed.
    pub counted: usize,
    /// Records on the output.
    pub output: usize,
    /// Partitions whose log began past their position.
    pub cut: Vec<i32>,
    /// What readiness said while it was not ready.
    pub troubles: BTreeSet<String>,
}

struct Router {
    counted: Rc<Cell<usize>>,
    pending: usize,
}

impl Route for Router {
    fn route(&mut self, record: &Record<'_>, _: &mut HeaderList) -> Routed<'_> {
        self.pending += 1;
        match record.offset % 4 {
            0 => Routed::To("fraud"),
            _ => Routed::Refused("dlq"),
        }
    }

    fn committed(&mut self) {
        self.counted
            .set(self.counted.get() + std::mem::take(&mut self.pending));
    }

    fn aborted(&mut self) {
        self.pending = 0;
    }

    fn withheld(&mut self) {
        self.pending -= 1;
    }

    fn reading(&mut self, _: &str) {}
}

impl Scene {
    /// Two partitions with a few records each.
    pub fn small(plan: Plan) -> Self {
        Self {
            records: vec![5, 4],
            commit_records: 3,
            plan,
        }
    }

    /// Plays it; panics when the books do not balance.
    pub fn play(&self) -> Played {
        let world = World::new(&self.records, self.plan.clone());
        let counted = Rc::new(Cell::new(0));
        let (mut ends, mut troubles) = (Vec::new(), BTreeSet::new());
        for _ in 0..PROCESSES {
            if is_done(&world.borrow()) {
                break;
            }
            world.borrow_mut().join();
            let outcome = self.live(&world, Rc::clone(&counted), &mut troubles);
            ends.extend(outcome.err().map(|error| error.to_string()));
        }
        let world = world.borrow();
        let counted = counted.get();
        self.check(&world, counted, &ends);
        Played {
            calls: world.calls.clone(),
            ends,
            counted,
            output: world.brokers.output.len(),
            cut: world.brokers.cut.iter().copied().collect(),
            troubles,
        }
    }

    /// The life of one process: it turns until nothing is left to do, then it is told to stop.
    fn live(
        &self,
        world: &Shared,
        counted: Rc<Cell<usize>>,
        troubles: &mut BTreeSet<String>,
    ) -> Result<(), WorkerError> {
        let mut worker = Worker::new(
            Client(Rc::clone(world)),
            Writer::new(Rc::clone(world)),
            Router {
                counted,
                pending: 0,
            },
            self.options(),
            Metrics::register(&Registry::new()).expect("metrics"),
            Arc::new(Vitals::default()),
            Arc::new(Connection::default()),
        );
        for _ in 0..TURNS {
            let (crashed, stop, idle) = {
                let world = world.borrow();
                (
                    world.crashed,
                    world.stop,
                    world.idle > 2 && world.is_quiet(),
                )
            };
            if crashed {
                return Ok(());
            }
            // One that says that it is at work and finds nothing to do has read everything.
            let content = match worker.vitals.ready() {
                Ok(_) => true,
                Err(why) => {
                    // Its commit, which the clock would bring, says that all is well again.
                    let content = why.contains("is halted") || worker.open.is_some();
                    troubles.insert(why);
                    content
                }
            };
            let at_rest = idle
                && content
                && worker.assignment.is_settled()
                && worker.assignment.topic_id == world.borrow().brokers.topic_id
                && worker
                    .ledger
                    .iter()
                    .all(|(_, entry)| entry.rewind == Rewind::No);
            if at_rest && !stop {
                let world = world.borrow();
                assert!(
                    world.is_all_read(),
                    "ready, and consumes nothing: {self:?} {world:?}"
                );
            }
            if stop || at_rest {
                let told = CancellationToken::new();
                told.cancel();
                let (client, outcome) = worker.run(&told);
                drop(client);
                return outcome;
            }
            worker.turn()?;
        }
        panic!(
            "a process turned {TURNS} times and was not done: {self:?} {:?}",
            world.borrow()
        );
    }

    fn options(&self) -> Options {
        Options {
            topic: "payments".to_owned(),
            transactional_id: "detector-one-0".to_owned(),
            // Transactions close by count and at the end, so that the clock decides nothing.
            commit_interval: Duration::from_secs(3_600),
            commit_records: self.commit_records,
            dead_letter_limit: 0,
            embedded: false,
            now_ms: || 0,
        }
    }

    fn check(&self, world: &World, counted: usize, ends: &[String]) {
        let context = || format!("{self:?}\nends {ends:?}\n{world:?}");
        assert!(
            world.violations.is_empty(),
            "{:?} {}",
            world.violations,
            context()
        );
        assert_eq!(world.brokers.unbalanced, None, "{}", context());
        let mut output = world.brokers.output.clone();
        output.sort();
        let all = output.len();
        output.dedup();
        assert_eq!(
            output.len(),
            all,
            "a record is decided twice: {}",
            context()
        );
        // What is missing of a partition that lost records is for a person to see.
        let is_missing =
            |source: &Source| !output.contains(source) && !world.brokers.cut.contains(&source.1);
        let sources = world.brokers.sources();
        let missing: Vec<_> = sources.into_iter().filter(is_missing).collect();
        assert!(missing.is_empty(), "missing {missing:?}: {}", context());
        assert!(
            is_done(world),
            "positions are not at the end: {}",
            context()
        );
        // The transaction of a process that was killed is left to its timeout.
        assert!(
            world.brokers.open.is_none() || world.crashed,
            "a transaction is left open: {}",
            context()
        );
        assert!(
            counted <= all,
            "{counted} records counted of {all}: {}",
            context()
        );
    }
}

fn is_done(world: &World) -> bool {
    (0..).zip(world.brokers.ends()).all(|(partition, end)| {
        match world.brokers.committed.get(&partition) {
            _ if world.brokers.cut.contains(&partition) => true,
            Some((next, id)) if *id == world.brokers.topic_id => *next == end,
            // Nothing was ever committed of the topic that it is now.
            _ => end == world.brokers.low(partition),
        }
    })
}
