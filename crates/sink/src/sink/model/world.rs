//! Everything around the sinks of one run: the topic, the group, the database, and what is going to go wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use store::{Batch, Partition};

use super::chance::Chance;
use super::group::Group;
use super::log::{Log, TOPIC};
use super::plan::{Call, Twist};
use super::tables::Tables;

/// The world, as everybody shares it.
#[derive(Clone)]
pub struct Shared(Arc<Mutex<World>>);

pub struct World {
    pub chance: Chance,
    pub log: Log,
    pub topic_id: String,
    /// The topics that had the name before, by their ids.
    earlier: BTreeMap<String, Log>,
    pub group: Group,
    pub tables: Tables,
    /// Every call that was made, in order: what a plan counts by.
    pub calls: Vec<Made>,
    plan: BTreeMap<usize, Twist>,
    /// Members that are killed at their next step.
    pub doomed: BTreeSet<usize>,
    /// Members that are told to end.
    pub ending: BTreeSet<usize>,
    /// Members that stand still for so many rounds.
    pub asleep: BTreeMap<usize, usize>,
    /// What happened, for the message of a run that failed.
    pub journal: Vec<String>,
    /// The database answers nobody.
    pub away: bool,
}

/// A call that was made.
#[derive(Debug, Clone, Copy)]
pub struct Made {
    pub call: Call,
    /// A poll that brought nothing.
    pub idle: bool,
}

impl Shared {
    pub fn new(seed: u64, log: Log, plan: impl IntoIterator<Item = (usize, Twist)>) -> Self {
        Self(Arc::new(Mutex::new(World {
            chance: Chance::new(seed),
            log,
            topic_id: "topic-1".to_owned(),
            earlier: BTreeMap::new(),
            group: Group::default(),
            tables: Tables::default(),
            calls: Vec::new(),
            plan: plan.into_iter().collect(),
            doomed: BTreeSet::new(),
            ending: BTreeSet::new(),
            asleep: BTreeMap::new(),
            journal: Vec::new(),
            away: false,
        })))
    }

    /// A member that was killed leaves the lock as good as any.
    pub fn lock(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl World {
    pub fn partition(&self, number: i32) -> Partition {
        Partition {
            topic: TOPIC.into(),
            topic_id: self.topic_id.as_str().into(),
            partition: number,
        }
    }

    /// The topic is deleted and made anew.
    pub fn renew(&mut self, log: Log) {
        let id = format!("topic-{}", self.earlier.len() + 2);
        let earlier = std::mem::replace(&mut self.log, log);
        self.earlier
            .insert(std::mem::replace(&mut self.topic_id, id), earlier);
    }

    /// A batch holds records as they are in the topic that it names, and no others.
    pub fn check_read(&mut self, batch: &Batch) {
        let payments = batch.payments.iter();
        let payments = payments.map(|row| (&row.place, &row.key, Some(&row.payload)));
        let letters = batch.dead_letters.iter();
        let letters = letters.map(|row| (&row.place, &row.key, row.payload.as_ref()));
        for (place, key, payload) in payments.chain(letters) {
            let log = match *place.topic_id == *self.topic_id {
                true => Some(&self.log),
                false => self.earlier.get(&*place.topic_id),
            };
            let entry = log.and_then(|log| log.from(place.partition, place.offset));
            let is_read = entry.is_some_and(|entry| {
                let source = entry.source.unwrap_or(entry.offset);
                (entry.offset, source, Some(&entry.payload)) == (place.offset, key.offset, payload)
            });
            if !is_read {
                let why = format!("a row is not the record {place} that it says it is: {key}");
                self.tables.broken.get_or_insert(why);
            }
        }
    }

    pub fn say(&mut self, what: impl FnOnce() -> String) {
        self.journal.push(what());
    }

    /// A call begins. Carries out what the plan has beside it, and says what happens to the call itself.
    pub fn enter(&mut self, member: usize, call: Call) -> Option<Twist> {
        let number = self.calls.len();
        let idle = false;
        self.calls.push(Made { call, idle });
        let twist = self
            .plan
            .get(&number)
            .copied()
            .filter(|twist| twist.befalls(call))?;
        self.say(|| format!("{number}: {call:?} of {member}: {twist:?}"));
        if twist.is_of_the_call() {
            return Some(twist);
        }
        self.befall(member, twist);
        None
    }

    fn befall(&mut self, member: usize, twist: Twist) {
        // What a killed process left on its way may arrive after the group has forgotten it.
        if !self.group.has(member) {
            return;
        }
        match twist {
            Twist::NothingNew => self.group.nothing_new(member),
            Twist::Bounced => self.group.bounce(member, false, None),
            Twist::LostAndBack => self.group.bounce(member, true, None),
            Twist::OneBounced => self.group.bounce(member, false, Some(&mut self.chance)),
            Twist::HandedOver => drop(self.group.hand_over(member, &mut self.chance)),
            Twist::Stolen => drop(self.group.steal(member, &mut self.chance)),
            Twist::StolenInSleep if self.group.steal(member, &mut self.chance) => {
                let rounds = 1 + self.chance.below(60);
                self.asleep.insert(member, rounds);
            }
            Twist::Claimed => drop(self.claim_from_outside()),
            Twist::ClaimedAndStored => self.store_from_outside(),
            Twist::Drained => drop(self.ending.insert(member)),
            _ => {}
        }
    }

    fn claim_from_outside(&mut self) -> Option<(Partition, store::Claim)> {
        let partitions: Vec<i32> = self.log.partitions().collect();
        let number = self.chance.pick(&partitions)?;
        let partition = self.partition(number);
        let claim = self.tables.claim(&partition, "outsider");
        Some((partition, claim))
    }

    fn store_from_outside(&mut self) {
        let Some((partition, claim)) = self.claim_from_outside() else {
            return;
        };
        let next = claim.next_offset.unwrap_or(0);
        let Some(entry) = self.log.from(partition.partition, next).cloned() else {
            return;
        };
        let batch = super::database::batch_of(&partition, claim, entry);
        // A record that the database refuses stays for the sink to find out about.
        let _ = self.tables.commit(&batch, "outsider", true);
    }
}
