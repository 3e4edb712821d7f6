//! What the books come to.

use std::collections::BTreeMap;

use roaring::RoaringTreemap;
use serde::Serialize;

use super::account::{Account, Sorted};
use super::{Books, Extent, Key, Log};

/// The numbers, and what is wrong with them.
#[derive(Debug)]
pub struct Balance {
    /// The numbers.
    pub totals: Totals,
    /// The partitions of `payments`: what they span, and how many offsets of that hold no record.
    pub partitions: BTreeMap<i32, (Extent, u64)>,
    /// What does not add up; nothing when the books balance.
    pub findings: Vec<Finding>,
}

/// The numbers, in the order in which they are printed. The first eight are a promise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Records in `payments`.
    pub produced: u64,
    /// Of those, with a row in `fraud_payments`.
    pub fraud: u64,
    /// Of those, with a row in `legit_payments`.
    pub legit: u64,
    /// Of those, with a row in `dead_letters`, or on the DLQ.
    pub dead_lettered: u64,
    /// Of those, not yet decided or not yet stored.
    pub in_flight: u64,
    /// Of those, gone.
    pub missing: u64,
    /// Sources that are somewhere more than once.
    pub doubled: u64,
    /// Records on outputs and DLQ that are not ours.
    pub foreign: u64,
    /// Of those in flight, the ones that the detector has yet to come to.
    pub to_decide: u64,
    /// Of those in flight, the ones that a sink has yet to come to.
    pub to_store: u64,
    /// Sources in the table, or on the output, of the other verdict.
    pub misrouted: u64,
    /// Records that are none of the payments produced, before the sink's position and in no table.
    pub unstored: u64,
    /// Sources on an output, past the detector's position.
    pub decided_ahead: u64,
    /// Sources in a table, past the sink's position.
    pub stored_ahead: u64,
    /// Positions outside of their log.
    pub impossible_positions: u64,
    /// Sources of another topic, or of an earlier one under the same name.
    pub earlier_topic: u64,
    /// Sources before the start that retention left.
    pub before_start: u64,
    /// Sources where `payments` has no record: it came after the counting, was compacted, or went with a broker.
    pub not_in_payments: u64,
}

/// Something that does not add up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub what: What,
    /// How often.
    pub count: u64,
    /// The first few, each with where it was found.
    pub examples: Vec<String>,
}

/// The closed list of what can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// Missing: decided, and on no output.
    Undelivered,
    /// Missing: on an output, before the sink's position, in no table.
    Unstored,
    /// More than once.
    Doubled,
    /// In the wrong table or on the wrong output.
    Misrouted,
    /// Not one of the payments produced, before the sink's position, in no table.
    OthersUnstored,
    /// Decided, and will be decided again.
    DecidedAhead,
    /// Stored, and will be stored again.
    StoredAhead,
    /// A position outside of its log.
    Position,
}

impl What {
    /// What it means, as a line that a list of examples follows.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Undelivered => "missing: decided by the detector, and on no output",
            Self::Unstored => "missing: on an output, before the sink's position, and in no table",
            Self::Doubled => "doubled: one payment more than once",
            Self::Misrouted => "misrouted: in the table or on the output of the other verdict",
            Self::OthersUnstored => {
                "unstored: none of the payments above, before the sink's position, and in no table"
            }
            Self::DecidedAhead => {
                "decided ahead: past the detector's committed position, so it will be decided again"
            }
            Self::StoredAhead => {
                "stored ahead: past the sink's position, so it will be stored again"
            }
            Self::Position => "impossible position",
        }
    }
}

impl Balance {
    /// Whether everything adds up.
    pub fn is_even(&self) -> bool {
        self.findings.is_empty()
    }

    pub(super) fn of(books: &Books) -> Self {
        let mut balance = Self {
            totals: Totals {
                foreign: books.foreign,
                impossible_positions: books.positions.len() as u64,
                ..Totals::default()
            },
            partitions: BTreeMap::new(),
            findings: Vec::new(),
        };
        for log in &books.logs {
            for (partition, account) in &log.accounts {
                Adding {
                    books,
                    log,
                    partition: *partition,
                    account,
                }
                .add_to(&mut balance);
            }
        }
        if let Some(doubled) = balance
            .findings
            .iter_mut()
            .find(|finding| finding.what == What::Doubled)
        {
            // A repetition that was seen says more than what the bitmaps know.
            let mut named = books.repetitions.clone();
            named.append(&mut doubled.examples);
            named.truncate(books.examples.max(books.repetitions.len()));
            doubled.examples = named;
        }
        if !books.positions.is_empty() {
            balance.findings.push(Finding {
                what: What::Position,
                count: books.positions.len() as u64,
                examples: books.positions.clone(),
            });
        }
        balance.findings.sort_by_key(|finding| finding.what);
        balance
    }

    fn find(
        &mut self,
        what: What,
        count: u64,
        limit: usize,
        examples: impl Iterator<Item = String>,
    ) {
        if count == 0 {
            return;
        }
        let at = self
            .findings
            .iter()
            .position(|finding| finding.what == what)
            .unwrap_or_else(|| {
                self.findings.push(Finding {
                    what,
                    count: 0,
                    examples: Vec::new(),
                });
                self.findings.len() - 1
            });
        let finding = &mut self.findings[at];
        finding.count += count;
        finding
            .examples
            .extend(examples.take(limit.saturating_sub(finding.examples.len())));
    }
}

/// One account on its way into the balance.
struct Adding<'b> {
    books: &'b Books,
    log: &'b Log,
    partition: i32,
    account: &'b Account,
}

impl Adding<'_> {
    fn add_to(&self, balance: &mut Balance) {
        let Sorted {
            fraud,
            legit,
            dead_lettered,
            to_store,
            to_decide,
            undelivered,
            unstored,
        } = self.account.sorted();
        let totals = &mut balance.totals;
        totals.produced += self.account.produced.len();
        totals.fraud += fraud;
        totals.legit += legit;
        totals.dead_lettered += dead_lettered;
        totals.to_store += to_store;
        totals.to_decide += to_decide;
        totals.in_flight += to_store + to_decide;
        totals.missing += undelivered.len() + unstored.len();
        self.add_others(totals);
        if self.is_payments()
            && let Some(extent) = self.books.extents.get(&self.partition)
        {
            let (low, high) = (super::number(extent.low), super::number(extent.high));
            let held = self.account.produced.range_cardinality(low..high);
            balance
                .partitions
                .insert(self.partition, (*extent, (high - low).saturating_sub(held)));
        }

        let doubled = self.account.doubled();
        let misrouted = self.account.misrouted();
        let others = self.account.unstored_others();
        let decided = self.account.decided_ahead();
        balance.totals.doubled += doubled.len();
        balance.totals.misrouted += misrouted.len();
        balance.totals.unstored += others.len();
        balance.totals.decided_ahead += decided.len();
        balance.totals.stored_ahead += self.account.stored_ahead.len();
        self.name(balance, What::Undelivered, &undelivered);
        self.name(balance, What::Unstored, &unstored);
        self.name(balance, What::Doubled, &doubled);
        self.name(balance, What::Misrouted, &misrouted);
        self.name(balance, What::OthersUnstored, &others);
        self.name(balance, What::DecidedAhead, &decided);
        self.name(balance, What::StoredAhead, &self.account.stored_ahead);
    }

    /// Sources that `payments` does not have. Foreign records are none of those.
    fn add_others(&self, totals: &mut Totals) {
        let others = self.account.others();
        if self.is_payments() {
            let low = self
                .books
                .extents
                .get(&self.partition)
                .map_or(0, |extent| super::number(extent.low));
            let known = &self.account.topics.any | &self.account.tables.any;
            let before = known.range_cardinality(..low);
            totals.before_start += before;
            totals.not_in_payments += others - before;
        } else if !self.is_foreign() {
            totals.earlier_topic += others;
        }
    }

    fn name(&self, balance: &mut Balance, what: What, offsets: &RoaringTreemap) {
        let example = |offset: u64| {
            let offset_in_log = i64::try_from(offset).unwrap_or(i64::MAX);
            let Log {
                topic_id, topic, ..
            } = self.log;
            let key = Key {
                topic_id,
                topic,
                partition: self.partition,
                offset: offset_in_log,
            };
            let mut whereabouts = self.account.whereabouts(offset, &self.books.names);
            if self.account.tables.twice.contains(offset) {
                whereabouts.push_str(" and in another one");
            }
            let repeated = self.account.topics.twice.contains(offset);
            (!(what == What::Doubled && repeated)).then(|| format!("{key}: {whereabouts}"))
        };
        let examples = offsets.iter().filter_map(example);
        balance.find(what, offsets.len(), self.books.examples, examples);
    }

    fn is_payments(&self) -> bool {
        self.log.topic == self.books.names.payments && self.log.topic_id == self.books.payments_id
    }

    /// Whether what is in this log is known by its own place on an output.
    fn is_foreign(&self) -> bool {
        let names = &self.books.names;
        [&names.fraud, &names.legit, &names.dead_letters].contains(&&self.log.topic)
    }
}
