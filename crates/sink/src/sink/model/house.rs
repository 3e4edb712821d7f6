//! One run: sinks over one world, turned one after the other until all is at rest.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use payment::{Payment, Provenance};
use prometheus::Registry;
use store::{PaymentRow, RowKey, State, Table};
use tokio::runtime::Runtime;
use tokio::time::Instant;

use super::super::{Identity, Sink, SinkError};
use super::consumer::{Client, Killed};
use super::database::Link;
use super::log::{Kind, Log, TOPIC};
use super::plan::Twist;
use super::world::{Shared, World};
use crate::config::Options;
use crate::desk::{self, Desk};
use crate::metrics::Metrics;
use crate::partition::Stage;
use crate::row::{Shelf, Shelved};
use crate::watch::Watch;

/// More rounds than any run needs that gets anywhere.
const ROUNDS: usize = 1_000;

const BATCH_RECORDS: usize = 4;
/// Records that come after a pause all the same, one of each partition.
const MOST_STALE: usize = 3;

/// What a run starts from.
#[derive(Debug, Clone, Default)]
pub struct Setting {
    pub seed: u64,
    /// Processes that share the group; the first starts with all partitions.
    pub sinks: usize,
    pub partitions: Vec<Vec<Kind>>,
    /// Partitions that have to halt.
    pub halting: BTreeSet<i32>,
    pub twists: Vec<(usize, Twist)>,
    pub ignores_epochs: bool,
    pub ignores_positions: bool,
}

pub type Process = Sink<Client, Link, Alarms>;

/// A run.
pub struct House {
    pub world: Shared,
    pub sinks: BTreeMap<usize, Process>,
    pub registry: Registry,
    pub halting: BTreeSet<i32>,
    runtime: Arc<Runtime>,
    next_member: usize,
    pub rounds: usize,
    /// Processes that ended with an error, or were killed.
    pub deaths: usize,
}

/// Raises an alert for strangers.
pub struct Alarms;

impl Shelf for Alarms {
    const TABLE: Table = Table::Fraud;

    fn shelve(&mut self, payment: &Payment<'_>, _: Option<&Provenance<'_>>, _: &RowKey) -> Shelved {
        if payment.who == "STRANGER" {
            Shelved {
                state: State::Alert,
                alert: Some("{}".to_owned()),
            }
        } else {
            Shelved {
                state: State::Processing,
                alert: None,
            }
        }
    }

    fn stored(&mut self, _: &[PaymentRow]) {}
}

impl House {
    pub fn new(setting: &Setting) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let partitions: Vec<&[Kind]> = setting.partitions.iter().map(Vec::as_slice).collect();
        let world = Shared::new(
            setting.seed,
            Log::new(&partitions),
            setting.twists.iter().copied(),
        );
        world.lock().tables.ignores_epochs = setting.ignores_epochs;
        world.lock().tables.ignores_positions = setting.ignores_positions;
        let mut house = Self {
            world,
            sinks: BTreeMap::new(),
            registry: Registry::new(),
            halting: setting.halting.clone(),
            runtime: Arc::new(runtime),
            next_member: 0,
            rounds: 0,
            deaths: 0,
        };
        for _ in 0..setting.sinks {
            house.start();
        }
        let numbers: Vec<i32> = house.world.lock().log.partitions().collect();
        house.world.lock().group.give(0, &numbers);
        house
    }

    /// Starts a process.
    fn start(&mut self) -> usize {
        let member = self.next_member;
        self.next_member += 1;
        let registry = Registry::new();
        let metrics = Metrics::register(&registry, Table::Fraud).unwrap();
        let kafka_metrics = kafka::Metrics::register(&registry).unwrap();
        self.registry = registry;
        let watch = Watch::default();
        let link = Link {
            member,
            world: self.world.clone(),
        };
        let client = Client {
            member,
            world: self.world.clone(),
            runtime: Arc::clone(&self.runtime),
        };
        let desk = Desk::new(
            link,
            desk::Runtime::Within(Arc::clone(&self.runtime)),
            watch.clone(),
            metrics.clone(),
        );
        let identity = Identity {
            sink: "sink".to_owned(),
            owner: format!("member {member}"),
            topic: TOPIC.to_owned(),
            cluster_id: "cluster".to_owned(),
        };
        let options = Options {
            batch_records: BATCH_RECORDS,
            batch_interval: Duration::from_millis(50),
            now_ms: || 1_000,
        };
        let (kafka, runtime) = ((metrics, kafka_metrics), Arc::clone(&self.runtime));
        let _clock = runtime.enter();
        let sink = Sink::new(client, desk, Alarms, identity, options, kafka, watch);
        self.world.lock().group.join(member);
        self.sinks.insert(member, sink);
        member
    }

    /// Turns until all is at rest.
    ///
    /// # Errors
    /// The rule that was broken, with everything that led there.
    pub fn live(&mut self) -> Result<(), String> {
        for _ in 0..ROUNDS {
            self.round();
            // Not in the condition: the story takes the lock again.
            let broken = self.world.lock().tables.broken.clone();
            if let Some(broken) = broken {
                return Err(self.story(&broken));
            }
            if self.is_at_rest() {
                return Ok(());
            }
        }
        Err(self.story("it does not come to rest"))
    }

    /// One turn of everybody.
    pub fn round(&mut self) {
        self.rounds += 1;
        let runtime = Arc::clone(&self.runtime);
        // The clock that stands still unless somebody waits.
        let _clock = runtime.enter();
        let members: Vec<usize> = self.sinks.keys().copied().collect();
        for member in members {
            if self.sleeps(member) {
                continue;
            }
            let Some(mut sink) = self.sinks.remove(&member) else {
                continue;
            };
            let turned = catch_unwind(AssertUnwindSafe(|| {
                sink.turn()?;
                let held = sink.buffer.records();
                assert!(held <= BATCH_RECORDS + MOST_STALE, "{held} rows wait");
                if self.world.lock().ending.remove(&member) {
                    sink.drain()?;
                    return Ok(None);
                }
                Ok::<_, SinkError>(Some(sink))
            }));
            match turned {
                Ok(Ok(Some(sink))) => drop(self.sinks.insert(member, sink)),
                Ok(Ok(None)) => self.replace(member, "drained"),
                Ok(Err(error)) => self.replace(member, &error.to_string()),
                Err(panic) if panic.is::<Killed>() => self.replace(member, "killed"),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        // Whoever waits for an answer lets time pass; so does a round in which all of them sleep.
        self.runtime
            .block_on(tokio::time::sleep(Duration::from_millis(1)));
    }

    fn sleeps(&self, member: usize) -> bool {
        let asleep = &mut self.world.lock().asleep;
        match asleep.get_mut(&member) {
            Some(0) | None => {
                asleep.remove(&member);
                false
            }
            Some(rounds) => {
                *rounds -= 1;
                true
            }
        }
    }

    /// A process ended; the orchestrator starts another.
    fn replace(&mut self, member: usize, why: &str) {
        self.deaths += 1;
        self.world
            .lock()
            .say(|| format!("member {member} ends: {why}"));
        let heir = self.start();
        let mut world = self.world.lock();
        world.doomed.remove(&member);
        world.ending.remove(&member);
        world.group.leave(member, heir);
    }

    /// Whether every record is stored and every partition is read by its owner, or halted where it has to be.
    pub fn is_at_rest(&mut self) -> bool {
        let world = self.world.lock();
        world.group.is_settled()
            && world.log.partitions().all(|number| {
                let owner = world.group.owner(number);
                let Some(sink) = owner.and_then(|owner| self.sinks.get(&owner)) else {
                    return false;
                };
                let stage = sink.held.get(&number).map(|held| &held.stage);
                if self.halting.contains(&number) {
                    return stage == Some(&Stage::Halted);
                }
                let position = world.tables.position(&world.partition(number)).unwrap_or(0);
                matches!(stage, Some(Stage::Reading(_))) && position == world.log.end(number)
            })
    }

    /// Turns until a condition holds.
    pub fn until(&mut self, holds: impl Fn(&mut World) -> bool) {
        for _ in 0..ROUNDS {
            if holds(&mut self.world.lock()) {
                return;
            }
            self.round();
        }
        panic!("{}", self.story("it does not come to what is waited for"));
    }

    /// Lets virtual time pass while everybody turns.
    pub fn turn_for(&mut self, time: Duration) {
        let runtime = Arc::clone(&self.runtime);
        let _clock = runtime.enter();
        let end = Instant::now() + time;
        while Instant::now() < end {
            self.round();
        }
    }

    /// Tells the process of a member to end, and starts none in its place.
    pub fn drain(&mut self, member: usize) -> Duration {
        let runtime = Arc::clone(&self.runtime);
        let _clock = runtime.enter();
        let begun = Instant::now();
        let mut sink = self.sinks.remove(&member).unwrap();
        sink.drain().unwrap();
        begun.elapsed()
    }

    fn story(&self, broken: &str) -> String {
        let world = self.world.lock();
        let stages: Vec<String> = self
            .sinks
            .iter()
            .map(|(member, sink)| format!("{member}: {:?}", sink.held))
            .collect();
        format!(
            "{broken}\n  after {} rounds and {} calls\n  {}\n  {}",
            self.rounds,
            world.calls.len(),
            world.journal.join("\n  "),
            stages.join("\n  ")
        )
    }
}
