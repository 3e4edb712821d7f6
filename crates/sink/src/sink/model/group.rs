//! The consumer group: who reads what, and what each member still has to hear.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use kafka::{Position, Rebalance};

use super::chance::Chance;
use super::log::Log;

/// What a member's client does with one partition.
#[derive(Debug, Clone)]
pub struct Fetch {
    /// The offset that is fetched next.
    pub next: i64,
    /// The offset after the last record that was handed out: where a pause leaves fetching.
    pub handed_out: i64,
    /// The same, as the client tells it: a seek makes it forget.
    pub position: Option<i64>,
    pub paused: bool,
    /// Not fetched until it is sought.
    pub stuck: bool,
    /// Fetched before a pause, and handed out after it all the same.
    pub stale: Option<i64>,
}

/// One member.
#[derive(Debug, Default)]
pub struct Member {
    pub reading: BTreeMap<i32, Fetch>,
    queue: VecDeque<Rebalance>,
    /// Told so many polls later.
    later: Vec<(usize, i32)>,
    /// What it will hold once it heard everything.
    expected: BTreeSet<i32>,
}

/// The coordinator's view.
#[derive(Debug, Default)]
pub struct Group {
    owners: BTreeMap<i32, usize>,
    members: BTreeMap<usize, Member>,
    /// Partitions that go to somebody once they are let go.
    promised: BTreeMap<i32, usize>,
}

impl Group {
    pub fn join(&mut self, member: usize) {
        self.members.insert(member, Member::default());
    }

    pub fn member(&mut self, member: usize) -> &mut Member {
        self.members.entry(member).or_default()
    }

    /// Whether this member is in the group.
    pub fn has(&self, member: usize) -> bool {
        self.members.contains_key(&member)
    }

    /// Who reads a partition, as the coordinator has it.
    pub fn owner(&self, partition: i32) -> Option<usize> {
        self.owners.get(&partition).copied()
    }

    pub fn give(&mut self, member: usize, partitions: &[i32]) {
        for partition in partitions {
            self.owners.insert(*partition, member);
        }
        self.tell_assigned(member, partitions);
    }

    fn tell_assigned(&mut self, member: usize, partitions: &[i32]) {
        let member = self.member(member);
        member.expected.extend(partitions);
        member
            .queue
            .push_back(Rebalance::Assigned(partitions.to_vec()));
    }

    fn tell_revoked(&mut self, member: usize, partitions: &[i32], lost: bool) {
        let member = self.member(member);
        member
            .expected
            .retain(|partition| !partitions.contains(partition));
        let partitions = partitions.to_vec();
        member
            .queue
            .push_back(Rebalance::Revoked { partitions, lost });
    }

    /// A rebalance that changes nothing for a member.
    pub fn nothing_new(&mut self, member: usize) {
        self.tell_assigned(member, &[]);
    }

    /// What a member has for sure: the coordinator and the member agree.
    fn held(&mut self, member: usize) -> Vec<i32> {
        let expected = self.member(member).expected.clone();
        expected
            .into_iter()
            .filter(|partition| self.owner(*partition) == Some(member))
            .filter(|partition| !self.promised.contains_key(partition))
            .collect()
    }

    /// Takes partitions away and gives them back.
    pub fn bounce(&mut self, member: usize, lost: bool, one: Option<&mut Chance>) {
        let held = self.held(member);
        let partitions = match one {
            Some(chance) => chance.pick(&held).into_iter().collect(),
            None => held,
        };
        self.tell_revoked(member, &partitions, lost);
        self.tell_assigned(member, &partitions);
    }

    /// Another member that could take a partition of this one.
    fn heir(&mut self, member: usize, chance: &mut Chance) -> Option<(i32, usize)> {
        let partition = chance.pick(&self.held(member))?;
        let others: Vec<usize> = self
            .members
            .iter()
            .filter(|(other, state)| **other != member && !state.expected.contains(&partition))
            .map(|(other, _)| *other)
            .collect();
        Some((partition, chance.pick(&others)?))
    }

    /// A partition goes to another member once this one lets it go. Says whether there is another.
    pub fn hand_over(&mut self, member: usize, chance: &mut Chance) -> bool {
        let Some((partition, heir)) = self.heir(member, chance) else {
            return false;
        };
        self.promised.insert(partition, heir);
        self.tell_revoked(member, &[partition], false);
        // What librdkafka says after every incremental revocation.
        self.nothing_new(member);
        true
    }

    /// A partition goes to another member at once; this one hears of it some polls later. Says whether there is another.
    pub fn steal(&mut self, member: usize, chance: &mut Chance) -> bool {
        let Some((partition, heir)) = self.heir(member, chance) else {
            return false;
        };
        self.give(heir, &[partition]);
        let polls = chance.below(40);
        self.member(member).later.push((polls, partition));
        true
    }

    /// A member is gone; what it had goes to `heir`.
    pub fn leave(&mut self, member: usize, heir: usize) {
        self.members.remove(&member);
        let orphans: Vec<i32> = self
            .owners
            .iter()
            .filter(|(_, owner)| **owner == member)
            .map(|(partition, _)| *partition)
            .filter(|partition| !self.promised.contains_key(partition))
            .collect();
        for promised in self.promised.values_mut() {
            if *promised == member {
                *promised = heir;
            }
        }
        let owners = &self.owners;
        let due: Vec<(i32, usize)> = self
            .promised
            .iter()
            .filter(|(partition, _)| owners.get(partition) == Some(&member))
            .map(|(partition, promised)| (*partition, *promised))
            .collect();
        for (partition, promised) in due {
            self.promised.remove(&partition);
            self.give(promised, &[partition]);
        }
        self.give(heir, &orphans);
    }

    /// What a member hears at this poll.
    pub fn hear(&mut self, member: usize) -> Option<Rebalance> {
        let state = self.member(member);
        for (polls, _) in &mut state.later {
            *polls = polls.saturating_sub(1);
        }
        if let Some(at) = state.later.iter().position(|(polls, _)| *polls == 0) {
            let (_, partition) = state.later.swap_remove(at);
            self.tell_revoked(member, &[partition], true);
            self.nothing_new(member);
        }
        self.member(member).queue.pop_front()
    }

    pub fn assign(&mut self, member: usize, positions: &[(i32, Position)]) {
        for (partition, position) in positions {
            let at = offset(*position);
            let fetch = Fetch {
                next: at,
                handed_out: at,
                position: None,
                paused: false,
                stuck: false,
                stale: None,
            };
            let before = self.member(member).reading.insert(*partition, fetch);
            assert!(before.is_none(), "assigned twice: {partition}");
        }
    }

    pub fn unassign(&mut self, member: usize, partitions: &[i32]) {
        for partition in partitions {
            let before = self.member(member).reading.remove(partition);
            assert!(before.is_some(), "not assigned: {partition}");
            if let Some(promised) = self.promised.remove(partition) {
                self.give(promised, &[*partition]);
            }
        }
    }

    pub fn seek(&mut self, member: usize, positions: &[(i32, Position)]) {
        for (partition, position) in positions {
            if let Some(fetch) = self.member(member).reading.get_mut(partition) {
                fetch.next = offset(*position);
                (fetch.stuck, fetch.stale, fetch.position) = (false, None, None);
            }
        }
    }

    /// What a member's client tells of how far it has handed out. Once there is no more record, the marker behind the last has been
    /// handled, too.
    pub fn positions(&mut self, member: usize, log: &Log) -> Vec<(i32, i64)> {
        let mut told = Vec::new();
        for (partition, fetch) in &mut self.member(member).reading {
            let (start, end) = (log.start(*partition), log.end(*partition));
            let is_read = fetch.stale.is_none() && log.from(*partition, fetch.next).is_none();
            if is_read && !fetch.paused && !fetch.stuck && (start..end).contains(&fetch.next) {
                (fetch.next, fetch.handed_out, fetch.position) = (end, end, Some(end));
            }
            told.extend(fetch.position.map(|position| (*partition, position)));
        }
        told
    }

    pub fn pause(&mut self, member: usize, partitions: &[i32], log: &Log, chance: &mut Chance) {
        for partition in partitions {
            let Some(fetch) = self.member(member).reading.get_mut(partition) else {
                continue;
            };
            if !fetch.paused && !fetch.stuck && chance.one_in(2) {
                fetch.stale = log.from(*partition, fetch.next).map(|entry| entry.offset);
            }
            fetch.paused = true;
            fetch.next = fetch.handed_out;
        }
    }

    pub fn resume(&mut self, member: usize, partitions: &[i32]) {
        for partition in partitions {
            if let Some(fetch) = self.member(member).reading.get_mut(partition)
                && fetch.paused
            {
                fetch.paused = false;
                fetch.next = fetch.handed_out;
            }
        }
    }

    /// Whether a fetch of this member finds its position outside of the log now.
    pub fn goes_astray(&mut self, member: usize, log: &Log) -> bool {
        let outside = |partition: &i32, fetch: &Fetch| {
            !(log.start(*partition)..=log.end(*partition)).contains(&fetch.next)
        };
        let reading = &mut self.member(member).reading;
        let astray = reading
            .iter_mut()
            .find(|(partition, fetch)| !fetch.paused && !fetch.stuck && outside(partition, fetch));
        astray.map(|(_, fetch)| fetch.stuck = true).is_some()
    }

    /// Whether everybody has heard and done everything.
    pub fn is_settled(&self) -> bool {
        self.promised.is_empty()
            && self
                .members
                .values()
                .all(|member| member.queue.is_empty() && member.later.is_empty())
    }
}

fn offset(position: Position) -> i64 {
    match position {
        Position::Beginning => 0,
        Position::At(offset) => offset,
    }
}
