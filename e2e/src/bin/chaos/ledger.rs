//! What was sent and what became of it, on disk: what the checker holds against the system.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use e2e::checker::{Findings, Kind};
use e2e::failure::{Attempt as _, Failure, Outcome};

/// Writes one line for each thing that is known of a record:
///
/// ```text
/// sent 12 9a0b...       its number, and the digest of its payload
/// acked 12 3 4711       partition and offset
/// acked 12 3 -          there already: the answer to an earlier try got lost, and with it the offset
/// unknown 12 TimedOut   may be there once, or not at all, and librdkafka's word for it
/// refused 12            never left us
/// ```
pub struct Ledger {
    path: PathBuf,
    file: Mutex<BufWriter<File>>,
    /// Why a line could not be written, for the first that could not.
    torn: OnceLock<io::Error>,
}

/// Partition, and offset where it was told.
type Place = (i32, Option<i64>);

/// What is known of a record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Entry {
    digest: u64,
    acked: Option<Place>,
    refused: bool,
    seen: u32,
}

/// The ledger, read back and held against the topic.
#[derive(Debug, Default)]
pub struct Judge {
    entries: BTreeMap<u64, Entry>,
    /// What librdkafka said of the unknown ones, and how often.
    pub errors: BTreeMap<String, u64>,
}

impl Ledger {
    /// Makes the file.
    pub fn create(path: &Path) -> Outcome<Self> {
        let file = File::create(path).attempt(format_args!("create {}", path.display()))?;
        Ok(Self {
            path: path.to_owned(),
            file: Mutex::new(BufWriter::new(file)),
            torn: OnceLock::new(),
        })
    }

    /// A record is about to be handed over.
    pub fn sent(&self, number: u64, digest: u64) {
        self.write(format_args!("sent {number} {digest:x}"));
    }

    /// A broker said that it has it, and where. To a try of something that it has already it answers
    /// `DUPLICATE_SEQUENCE_NUMBER` without an offset, which librdkafka makes a success with a negative one.
    pub fn acked(&self, number: u64, partition: i32, offset: i64) {
        if offset < 0 {
            self.write(format_args!("acked {number} {partition} -"));
        } else {
            self.write(format_args!("acked {number} {partition} {offset}"));
        }
    }

    /// Nobody said what became of it.
    pub fn unknown(&self, number: u64, why: impl std::fmt::Debug) {
        self.write(format_args!("unknown {number} {why:?}"));
    }

    /// It was not handed over after all.
    pub fn refused(&self, number: u64) {
        self.write(format_args!("refused {number}"));
    }

    /// Reads it back.
    pub fn judge(&self) -> Outcome<Judge> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.flush().attempt("write the ledger")?;
        if let Some(error) = self.torn.get() {
            return Err(Failure::new(format!("write the ledger: {error}")));
        }
        let file = File::open(&self.path).attempt("open the ledger")?;
        let mut judge = Judge::default();
        for line in BufReader::new(file).lines() {
            let line = line.attempt("read the ledger")?;
            judge
                .note(&line)
                .ok_or_else(|| Failure::new(format!("the ledger has a line {line:?}")))?;
        }
        Ok(judge)
    }

    fn write(&self, line: std::fmt::Arguments<'_>) {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = writeln!(file, "{line}") {
            // The first one is kept.
            let _ = self.torn.set(error);
        }
    }
}

impl Entry {
    /// Whether it was acknowledged at another place.
    fn is_elsewhere(&self, (partition, offset): (i32, i64)) -> bool {
        self.acked
            .is_some_and(|(said, at)| said != partition || at.is_some_and(|at| at != offset))
    }
}

impl Judge {
    fn note(&mut self, line: &str) -> Option<()> {
        let mut words = line.split(' ');
        let what = words.next()?;
        let number: u64 = words.next()?.parse().ok()?;
        if what == "sent" {
            let digest = u64::from_str_radix(words.next()?, 16).ok()?;
            let entry = Entry {
                digest,
                ..Entry::default()
            };
            self.entries.insert(number, entry);
            return Some(());
        }
        let entry = self.entries.get_mut(&number)?;
        match what {
            "acked" => {
                let partition = words.next()?.parse().ok()?;
                let offset = match words.next()? {
                    "-" => None,
                    offset => Some(offset.parse().ok()?),
                };
                entry.acked = Some((partition, offset));
            }
            "unknown" => *self.errors.entry(words.next()?.to_owned()).or_default() += 1,
            "refused" => entry.refused = true,
            _ => return None,
        }
        Some(())
    }

    /// How many records were handed over.
    pub fn sent(&self) -> usize {
        self.entries.values().filter(|entry| !entry.refused).count()
    }

    /// Of how many nobody said what became of them.
    pub fn unknown(&self) -> usize {
        let unknown = |entry: &&Entry| entry.acked.is_none() && !entry.refused;
        self.entries.values().filter(unknown).count()
    }

    /// How many of the unknown ones are on `payments` all the same, once it was seen.
    pub fn unknown_there(&self) -> usize {
        let there = |entry: &&Entry| entry.acked.is_none() && !entry.refused && entry.seen > 0;
        self.entries.values().filter(there).count()
    }

    /// Of how many a broker did not say at which offset it has them.
    pub fn unplaced(&self) -> usize {
        let unplaced = |entry: &&Entry| matches!(entry.acked, Some((_, None)));
        self.entries.values().filter(unplaced).count()
    }

    /// A record of this number is on `payments`.
    pub fn see(&mut self, number: &str, place: (i32, i64), digest: u64, findings: &mut Findings) {
        let (partition, offset) = place;
        let name = format!("number {number} at {partition}/{offset}");
        let entry = number
            .parse()
            .ok()
            .and_then(|number: u64| self.entries.get_mut(&number));
        let Some(entry) = entry.filter(|entry| !entry.refused) else {
            findings.add(Kind::Displaced, &name);
            return;
        };
        entry.seen += 1;
        if entry.seen > 1 {
            findings.add(Kind::DoublyProduced, &name);
        } else if entry.is_elsewhere(place) {
            findings.add(Kind::Displaced, &name);
        }
        if entry.digest != digest {
            findings.add(Kind::Changed, &name);
        }
    }

    /// All of `payments` was seen.
    pub fn close(&self, findings: &mut Findings) {
        for (number, entry) in &self.entries {
            if entry.acked.is_some() && entry.seen == 0 {
                findings.add(Kind::Unproduced, &format!("number {number}"));
            }
        }
    }
}

#[cfg(test)]
mod tests;
