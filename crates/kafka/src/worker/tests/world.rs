//! The brokers, the group, and the clients' state, as far as a worker can see them.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

use super::brokers::Brokers;
use super::plan::{Call, Effect, Plan, Twist};
use crate::consumer::Position;

/// Everything that there is, shared by the clients of one play.
pub type Shared = Rc<RefCell<World>>;

/// Polls until partitions that were taken come back.
const COMEBACK: usize = 3;

#[derive(Debug, Default)]
pub struct World {
    pub brokers: Brokers,
    pub group: Group,
    pub client: Client,
    pub calls: Vec<Call>,
    pub crashed: bool,
    pub stop: bool,
    /// Orders that no client may be given.
    pub violations: Vec<String>,
    /// Polls in a row that found nothing to do.
    pub idle: usize,
    refused_until: usize,
    plan: Plan,
}

#[derive(Debug, Default)]
pub struct Group {
    pub generation: u32,
    /// What another member reads.
    others: BTreeSet<i32>,
    /// Polls until it leaves and its partitions come back.
    comeback: Option<usize>,
    /// The member is not one any more and does not know it yet.
    kicked: bool,
}

/// The worker's consumer.
#[derive(Debug, Default)]
pub struct Client {
    pub generation: u32,
    pub reading: BTreeMap<i32, Fetch>,
    pub events: VecDeque<Event>,
    /// What the group waits to be answered.
    pub awaited: Option<Event>,
    turn: usize,
}

#[derive(Debug, Clone)]
pub struct Fetch {
    pub at: i64,
    pub paused: bool,
    /// Its position was reported to be outside of the log: it is not read until it is sought.
    pub stuck: bool,
    /// The offset after the last record that was handed out: where reading goes on after a pause, wherever it was sought to.
    handed_out: i64,
    /// The same, as the client tells it: a seek makes it forget.
    position: Option<i64>,
    /// Fetched before a pause, and handed out after it all the same.
    stale: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Assigned(Vec<i32>),
    Revoked(Vec<i32>),
    Lost,
}

impl World {
    pub fn new(records: &[usize], plan: Plan) -> Shared {
        let world = Self {
            brokers: Brokers::new(records),
            plan,
            ..Self::default()
        };
        Rc::new(RefCell::new(world))
    }

    /// A new process joins; whatever member there was is gone.
    pub fn join(&mut self) {
        self.group = Group {
            generation: self.group.generation + 1,
            ..Group::default()
        };
        self.client = Client {
            generation: self.group.generation,
            events: [Event::Assigned(self.brokers.partitions())].into(),
            ..Client::default()
        };
        (self.crashed, self.stop, self.idle) = (false, false, 0);
    }

    /// A call is made: everything that happens beside it happens. Answers with the way in which the call itself fails.
    pub fn enter(&mut self, call: Call) -> Option<Twist> {
        let number = self.calls.len();
        self.calls.push(call);
        self.brokers.deliver(number, self.group.generation);
        let mut failure = None;
        for twist in self.plan.0.get(&number).cloned().unwrap_or_default() {
            match twist {
                Twist::Kick => self.kick(),
                Twist::Revoke(partitions) => self.revoke(&partitions),
                Twist::Rival => self.brokers.new_epoch(),
                Twist::Renew(records) => self.brokers.renew(records),
                Twist::Retain(partition, low) => self.brokers.retain(partition, low),
                Twist::Refused(until) => self.refused_until = until,
                Twist::Stop => self.stop = true,
                Twist::Fault { .. } if !call.is_of_the_producer() => {}
                Twist::Consume(..) if call.is_of_the_producer() => {}
                failing => failure = Some(failing),
            }
        }
        if let Some(Twist::Crash(_)) = failure {
            self.crashed = true;
        }
        if call == Call::SendOffsets && number < self.refused_until {
            failure.get_or_insert(Twist::Fault {
                fatal: false,
                abort: true,
                retriable: false,
                code: 29,
                effect: Effect::Not,
            });
        }
        failure
    }

    /// Whether that call finds its queue full, or its acknowledgements missing.
    pub fn is_busy_at(&self, call: usize) -> bool {
        self.plan
            .0
            .get(&call)
            .is_some_and(|twists| twists.contains(&Twist::Busy))
    }

    /// Time passes for the other member, and for requests that are under way.
    pub fn pass(&mut self) {
        for partition in self.group.others.clone() {
            self.brokers.read_elsewhere(partition);
        }
        let quiet =
            self.client.events.is_empty() && self.client.awaited.is_none() && !self.group.kicked;
        match self.group.comeback {
            Some(0) if quiet => {
                self.group.comeback = None;
                self.next_generation();
                let back = std::mem::take(&mut self.group.others).into_iter().collect();
                self.client.events.push_back(Event::Assigned(back));
            }
            Some(polls) if quiet => self.group.comeback = Some(polls.saturating_sub(1)),
            _ => {}
        }
    }

    /// The client answered the group, if it was asked for that.
    pub fn answered(&mut self, assigned: bool) {
        let awaited = self
            .client
            .awaited
            .take_if(|event| matches!(event, Event::Assigned(_)) == assigned);
        match awaited {
            Some(Event::Lost) => {
                self.group.kicked = false;
                self.group.comeback = Some(COMEBACK);
            }
            Some(Event::Revoked(partitions)) if !self.group.kicked => {
                self.next_generation();
                self.group.others.extend(partitions);
                self.group.comeback = Some(COMEBACK);
                // The protocol has an assignment follow, even of nothing.
                self.client.events.push_back(Event::Assigned(Vec::new()));
            }
            _ => {}
        }
    }

    /// Where a record can be read: its partition and its offset.
    pub fn next_record(&mut self) -> Option<(i32, i64)> {
        // Partitions are not read while the group waits for an answer.
        if self.client.awaited.is_some() {
            return None;
        }
        let partitions: Vec<i32> = self.client.reading.keys().copied().collect();
        (0..partitions.len()).find_map(|step| {
            let partition = partitions[(self.client.turn + step) % partitions.len()];
            let fetch = &self.client.reading[&partition];
            let fetched = || self.fetched(partition, fetch);
            Some((partition, fetch.stale.or_else(fetched)?))
        })
    }

    /// What the client fetches next of a partition, unless it must not.
    fn fetched(&self, partition: i32, fetch: &Fetch) -> Option<i64> {
        if fetch.paused || fetch.stuck || fetch.at < self.brokers.low(partition) {
            return None;
        }
        let mut log = self.brokers.log[partition as usize].iter();
        log.find(|offset| **offset >= fetch.at).copied()
    }

    /// A record went to the application.
    pub fn taken(&mut self, partition: i32, offset: i64) {
        self.client.turn += 1;
        if let Some(fetch) = self.client.reading.get_mut(&partition) {
            if fetch.stale.take().is_none() {
                fetch.at = offset + 1;
            }
            fetch.handed_out = offset + 1;
            fetch.position = Some(offset + 1);
        }
    }

    /// What the client tells of how far it has handed out. Once there is no more record, the marker behind the last has been
    /// handled, too.
    pub fn positions(&mut self) -> Vec<(i32, i64)> {
        let ends = self.brokers.ends();
        let mut told = Vec::new();
        for (partition, mut fetch) in self.client.reading.clone() {
            let end = ends[partition as usize];
            let is_read = fetch.stale.is_none() && self.fetched(partition, &fetch).is_none();
            if is_read
                && !fetch.paused
                && !fetch.stuck
                && (self.brokers.low(partition)..end).contains(&fetch.at)
            {
                (fetch.at, fetch.handed_out, fetch.position) = (end, end, Some(end));
            }
            told.extend(fetch.position.map(|position| (partition, position)));
            self.client.reading.insert(partition, fetch);
        }
        told
    }

    /// What is fetched already comes all the same.
    pub fn pause(&mut self, partition: i32) {
        let Some(mut fetch) = self.client.reading.remove(&partition) else {
            return;
        };
        fetch.stale = fetch.stale.or(self.fetched(partition, &fetch));
        fetch.paused = true;
        self.client.reading.insert(partition, fetch);
    }

    pub fn resume(&mut self, partition: i32) {
        let fetch = self.client.reading.get_mut(&partition);
        if let Some(fetch) = fetch.filter(|fetch| fetch.paused) {
            fetch.paused = false;
            fetch.at = fetch.handed_out;
        }
    }

    /// A partition whose position lies outside of its log: the client reports it once and reads it no more.
    pub fn astray(&self) -> Option<i32> {
        let ends = self.brokers.ends();
        let mut reading = self.client.reading.iter();
        let found = reading.find(|(partition, fetch)| {
            let outside =
                fetch.at > ends[**partition as usize] || fetch.at < self.brokers.low(**partition);
            outside && !fetch.stuck && !fetch.paused
        });
        found.map(|(partition, _)| *partition)
    }

    pub fn place(&mut self, partition: i32, position: Position) {
        let at = match position {
            Position::Beginning => self.brokers.low(partition),
            Position::At(offset) => offset,
        };
        let before = self.client.reading.get(&partition);
        let fetch = Fetch {
            at,
            paused: before.is_some_and(|fetch| fetch.paused),
            stuck: false,
            handed_out: before.map_or(at, |fetch| fetch.handed_out),
            position: None,
            stale: None,
        };
        self.client.reading.insert(partition, fetch);
    }

    /// Nothing is under way anywhere, except what the worker has.
    pub fn is_quiet(&self) -> bool {
        self.client.events.is_empty()
            && self.client.awaited.is_none()
            && self.group.others.is_empty()
            && self.group.comeback.is_none()
            && !self.group.kicked
    }

    /// Every partition is read, and to its end.
    pub fn is_all_read(&self) -> bool {
        let mut ends = (0..).zip(self.brokers.ends());
        ends.all(|(partition, end)| {
            let fetch = self.client.reading.get(&partition);
            self.brokers.cut.contains(&partition)
                || fetch.is_some_and(|fetch| fetch.at >= end && !fetch.paused && !fetch.stuck)
        })
    }

    fn kick(&mut self) {
        if self.group.kicked || self.client.reading.is_empty() {
            return;
        }
        self.group.kicked = true;
        self.group.generation += 1;
        self.group.others = self.brokers.partitions().into_iter().collect();
        self.group.comeback = None;
        self.client.events = [Event::Lost].into();
    }

    fn revoke(&mut self, partitions: &[i32]) {
        let held = partitions
            .iter()
            .all(|partition| self.client.reading.contains_key(partition));
        if !held || !self.is_quiet() {
            return;
        }
        self.next_generation();
        self.client
            .events
            .push_back(Event::Revoked(partitions.to_vec()));
    }

    fn next_generation(&mut self) {
        self.group.generation += 1;
        self.client.generation = self.group.generation;
    }
}
