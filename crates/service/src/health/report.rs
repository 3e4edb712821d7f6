//! What all probes of one kind answered.

use std::fmt;

use super::probe::{Answer, Probe};

/// The answers, in the order in which the probes were added. Displays as a line for each.
#[derive(Clone, Debug, Default)]
pub struct Report {
    answers: Vec<(String, Answer)>,
}

impl Report {
    /// Asks all probes at once, so that slow ones do not add up.
    pub(super) async fn gather(probes: &[Probe]) -> Self {
        let asked: Vec<_> = probes
            .iter()
            .cloned()
            .map(|probe| tokio::spawn(async move { probe.ask().await }))
            .collect();
        let mut report = Self::default();
        for (probe, asked) in probes.iter().zip(asked) {
            let answer = asked.await.unwrap_or_else(|error| Err(error.to_string()));
            report.answers.push((probe.name().to_owned(), answer));
        }
        report
    }

    /// Names with a note, or with the reason why not.
    pub fn answers(&self) -> impl Iterator<Item = (&str, &Result<String, String>)> {
        self.answers
            .iter()
            .map(|(name, answer)| (name.as_str(), answer))
    }

    /// Whether nobody was asked.
    pub fn is_empty(&self) -> bool {
        self.answers.is_empty()
    }

    /// Whether nobody said "no".
    pub fn is_good(&self) -> bool {
        self.answers.iter().all(|(_, answer)| answer.is_ok())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.answers().try_for_each(|(name, answer)| match answer {
            Ok(note) => writeln!(formatter, "{name}: ok, {note}"),
            Err(reason) => writeln!(formatter, "{name}: failed, {reason}"),
        })
    }
}
