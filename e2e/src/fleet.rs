//! The processes of a scenario.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::child::{Child, Signal};
use crate::failure::{Failure, Outcome};
use crate::http::Answer;
use crate::journal::Journal;
use crate::service::Service;
use crate::usage::Megabytes;

/// A process that was told to drain is cut off by itself after 25 s.
pub const DRAIN_SECONDS: u64 = 25;

/// The processes that run, one for each service at most, and what those needed that do not run any
/// more.
#[derive(Default)]
pub struct Fleet {
    running: Vec<(Service, Child)>,
    peaks_kib: BTreeMap<&'static str, u64>,
}

impl Fleet {
    /// Takes a process in.
    pub fn add(&mut self, service: Service, child: Child) {
        self.running.push((service, child));
    }

    /// The process of a service.
    pub fn get(&self, service: Service) -> Outcome<&Child> {
        let found = self.running.iter().find(|(of, _)| *of == service);
        found
            .map(|(_, child)| child)
            .ok_or_else(|| Failure::new(format!("{service} does not run")))
    }

    /// All processes.
    pub fn all(&self) -> impl Iterator<Item = (Service, &Child)> {
        self.running
            .iter()
            .map(|(service, child)| (*service, child))
    }

    /// Lets a process go that ended or is about to.
    pub fn take(&mut self, service: Service) -> Outcome<Child> {
        let place = self.running.iter().position(|(of, _)| *of == service);
        let place = place.ok_or_else(|| Failure::new(format!("{service} does not run")))?;
        Ok(self.running.remove(place).1)
    }

    /// Fails when a process ended that nobody told to.
    pub fn alive(&mut self) -> Outcome {
        for (_, child) in &mut self.running {
            if let Some(status) = child.ended()? {
                return Err(Failure::new(format!(
                    "{} ended ({status}) though nobody told it to; its last words: {}",
                    child.name(),
                    child.last_words()
                )));
            }
        }
        Ok(())
    }

    /// What every process answers at `path`.
    pub fn ask(&self, path: &str) -> Outcome<Vec<(Service, Answer)>> {
        let running = self.running.iter();
        running
            .map(|(service, child)| Ok((*service, child.get(path)?)))
            .collect()
    }

    /// Tells a service to drain, waits until it has, and says how long it took. Anything but exit
    /// code 0 in time is a failed check.
    pub fn drain(&mut self, service: Service, journal: &Journal) -> Outcome<Duration> {
        let mut child = self.take(service)?;
        child.signal(Signal::Term)?;
        let took = drained(&mut child, journal)?;
        self.note_peak(service, &child);
        Ok(took)
    }

    /// Tells all services to drain, consumers first, one after the other.
    pub fn drain_all(&mut self, journal: &Journal) -> Outcome {
        let services: Vec<Service> = self.all().map(|(service, _)| service).collect();
        services
            .into_iter()
            .try_for_each(|service| self.drain(service, journal).map(drop))
    }

    /// Remembers what a process needed.
    pub fn note_peak(&mut self, service: Service, child: &Child) {
        // One that has ended needs nothing more; the last look counts.
        let _ = child.usage();
        let peak = self.peaks_kib.entry(service.program()).or_default();
        *peak = child.peak_kib().max(*peak);
    }

    /// Checks the most memory that any process of each service ever needed.
    pub fn check_peaks(&mut self, journal: &Journal, limit_mb: u64, when: &str) {
        let running: Vec<_> = std::mem::take(&mut self.running);
        for (service, child) in &running {
            self.note_peak(*service, child);
        }
        self.running = running;
        for (program, peak_kib) in &self.peaks_kib {
            let peak = Megabytes(*peak_kib);
            let what = format!("peak RSS of {program} {when}: {peak} (limit {limit_mb} MB)");
            journal.check(*peak_kib > 0 && *peak_kib < limit_mb * 1024, what);
        }
    }
}

/// Waits for the end of a process that was told to drain.
pub fn drained(child: &mut Child, journal: &Journal) -> Outcome<Duration> {
    let (status, took) = child.end(DRAIN_SECONDS + 5)?;
    let what = format!(
        "{} drained in {:.2} s, {status} (exit code 0 within {DRAIN_SECONDS} s expected)",
        child.name(),
        took.as_secs_f64()
    );
    journal.check(
        status.code() == Some(0) && took.as_secs() < DRAIN_SECONDS,
        what,
    );
    Ok(took)
}
