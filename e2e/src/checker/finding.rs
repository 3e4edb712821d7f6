//! What is wrong with the books, counted, with one example of each kind.

use std::collections::BTreeMap;
use std::fmt;

/// What can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// On no output and not among the dead letters.
    Undecided,
    /// More than once on outputs and dead letters.
    DoublyDecided,
    /// On the wrong topic.
    Misrouted,
    /// After one of the same account that came later.
    Reordered,
    /// Acknowledged, and not on `payments`.
    Unproduced,
    /// More than once on `payments`.
    DoublyProduced,
    /// Elsewhere on `payments` than it was acknowledged, or never sent.
    Displaced,
    /// In no table.
    Lost,
    /// In more tables than one, in one more than once, or in one though nobody could read it.
    DoublyStored,
    /// In the wrong table.
    Misstored,
    /// Without the alert that it needs, or with one that it does not.
    Misalerted,
    /// With another reason, header or state than it should have.
    Misnamed,
    /// With other bytes, another key or other headers than came in.
    Changed,
    /// With columns that are not what the bytes say.
    Miscopied,
    /// From nowhere.
    Foreign,
    /// Refused by a processor.
    Unstored,
}

/// Everything that is wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings(BTreeMap<Kind, (u64, String)>);

impl Findings {
    /// One more; the first of a kind is its example.
    pub fn add(&mut self, kind: Kind, example: &str) {
        let found = self.0.entry(kind);
        found.or_insert_with(|| (0, example.to_owned())).0 += 1;
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are of these kinds.
    pub fn count(&self, kinds: &[Kind]) -> u64 {
        let found = kinds.iter().filter_map(|kind| self.0.get(kind));
        found.map(|(count, _)| count).sum()
    }

    /// How many there are.
    pub fn total(&self) -> u64 {
        self.0.values().map(|(count, _)| count).sum()
    }

    /// The kinds that occur.
    #[cfg(test)]
    pub fn kinds(&self) -> Vec<Kind> {
        self.0.keys().copied().collect()
    }
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Undecided => "on no output",
            Self::DoublyDecided => "doubled on topics",
            Self::Misrouted => "on the wrong topic",
            Self::Reordered => "out of order",
            Self::Unproduced => "acknowledged but not on payments",
            Self::DoublyProduced => "doubled on payments",
            Self::Displaced => "not where it was acknowledged",
            Self::Lost => "in no table",
            Self::DoublyStored => "doubled in tables",
            Self::Misstored => "in the wrong table",
            Self::Misalerted => "wrongly alerted or not",
            Self::Misnamed => "with a wrong reason or state",
            Self::Changed => "with changed bytes",
            Self::Miscopied => "with columns of another payment",
            Self::Foreign => "from nowhere",
            Self::Unstored => "refused by a processor",
        }
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("nothing lost, doubled, misrouted or changed");
        }
        for (place, (kind, (count, example))) in self.0.iter().enumerate() {
            let comma = if place > 0 { ", " } else { "" };
            write!(f, "{comma}{count} {} (as {example})", kind.as_str())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_are_counted_with_their_first_example() {
        let mut findings = Findings::default();
        findings.add(Kind::Lost, "payments/0/1");
        findings.add(Kind::Lost, "payments/0/2");
        assert_eq!(findings.to_string(), "2 in no table (as payments/0/1)");
    }
}
