//! The end: everything comes to rest, and is counted.

use std::collections::HashSet;
use std::time::Duration;

use e2e::audit;
use e2e::checker::{self, Books, Findings, Kind, digest};
use e2e::failure::{Failure, Outcome};
use e2e::kafka::header;
use e2e::service::Service;
use e2e::wait::Wait;
use rdkafka::message::Message as _;

use crate::loader::{Odd, Tally};
use crate::payment::NUMBER;
use crate::recovery::PENDING;
use crate::world::World;

/// How long the last ones may take.
const REST_SECONDS: u64 = 240;

/// What was lost or done twice, or in a wrong way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Records on `payments`.
    pub payments: u64,
    /// Acknowledged, and not to be found somewhere on their way.
    pub lost: u64,
    /// More than once on a topic or in a table.
    pub doubled: u64,
    /// On the wrong topic or in the wrong table.
    pub misrouted: u64,
    /// Before one of the same account that came earlier.
    pub reordered: u64,
    /// Wrong in any other way: other bytes, columns, headers or states, an alert too many, a record from nowhere.
    pub otherwise_wrong: u64,
}

/// Stops what sends, waits for the rest, and holds everything against the ledger. Nobody may have said whether or where they are of
/// more than so many percent of the payments that we sent: they cannot be lost. In a long run there have to be some of unknown
/// outcome, or nothing was shown of such.
pub fn reach(world: &mut World, unknown_percent: usize, is_long: bool) -> Outcome<Verdict> {
    let producer = world.docker.first(Service::Producer.program())?;
    world.docker.docker(&["stop", "-t", "40", &producer.id])?;
    let mut judge = world.loader.finish()?;
    rest(world)?;
    let (journal, system) = (&world.journal, &world.system);
    let (unknown, at_most) = (judge.unknown(), judge.sent() * unknown_percent / 100);
    journal.check(
        unknown + judge.unplaced() <= at_most && (unknown > 0 || !is_long),
        format_args!(
            "{} payments sent by us, {} of them of unknown outcome {:?}, {} acknowledged without an offset",
            judge.sent(),
            unknown,
            judge.errors,
            judge.unplaced()
        ),
    );
    let kinds = [
        ("nobody can read", Odd::Poison),
        ("have clocks off", Odd::HoursOff),
    ];
    for (what, odd) in kinds {
        let Tally {
            sent,
            acked,
            unknown,
        } = world.loader.tally(odd);
        journal.check(
            acked * 10 >= (sent - unknown) * 9 && (acked > 0 || !is_long),
            format_args!(
                "{sent} of them {what}: {acked} acknowledged, {unknown} of unknown outcome"
            ),
        );
    }
    let mut theirs = HashSet::new();
    let mut books = checker::check_with(system, |record, findings| {
        let (place, payload) = ((record.partition(), record.offset()), record.payload());
        match header(record, NUMBER) {
            Some(number) => judge.see(number, place, digest(payload), findings),
            // payment-producer gives each payment an id of its own.
            None if theirs.insert(digest(payload)) => {}
            None => findings.add(Kind::DoublyProduced, &format!("{place:?}, not by us")),
        }
        Ok(())
    })?;
    judge.close(&mut books.findings);
    journal.say(format_args!(
        "of {unknown} of unknown outcome {} are on payments",
        judge.unknown_there()
    ));
    journal.say(format_args!(
        "{} on payments, {} of them by payment-producer; rows: {} fraud, {} legit, {} alerts; {} dead letters",
        books.produced, theirs.len(), books.fraud, books.legit, books.alerts, books.dead_lettered
    ));
    let poison = world.loader.tally(Odd::Poison).acked;
    journal.check(
        books.dead_lettered >= poison,
        format_args!("{poison} of the dead letters at least are ours"),
    );
    let findings = &books.findings;
    journal.check(
        findings.is_empty(),
        format_args!("our own count: {findings}"),
    );
    let alerts = system.database.sources("alerts")?;
    let unanswered = world.receiver.unanswered(&alerts);
    let such_as = unanswered
        .first()
        .map(|source| format!(", such as {source}"));
    journal.check(
        unanswered.is_empty() && !alerts.is_empty(),
        format_args!(
            "{} alerts, {} of them never delivered{}",
            alerts.len(),
            unanswered.len(),
            such_as.unwrap_or_default()
        ),
    );
    audit(world, &books)?;
    world.deaths.check(&world.journal, false)?;
    Ok(Verdict::new(books.produced, findings))
}

impl Verdict {
    fn new(payments: u64, findings: &Findings) -> Self {
        let lost = findings.count(&[
            Kind::Unproduced,
            Kind::Undecided,
            Kind::Lost,
            Kind::Unstored,
        ]);
        let doubled = findings.count(&[
            Kind::DoublyProduced,
            Kind::DoublyDecided,
            Kind::DoublyStored,
        ]);
        let misrouted = findings.count(&[Kind::Misrouted, Kind::Misstored]);
        let reordered = findings.count(&[Kind::Reordered]);
        Self {
            payments,
            lost,
            doubled,
            misrouted,
            reordered,
            otherwise_wrong: findings.total() - lost - doubled - misrouted - reordered,
        }
    }
}

/// Waits until nobody has anything left to do: no payment, and no alert.
fn rest(world: &World) -> Outcome {
    let (system, mut last, mut why) = (&world.system, 0, String::new());
    // An end that the brokers tell counts the mark of a transaction, which nobody stores.
    let marks = i64::from(e2e::kafka::PARTITIONS);
    let rested = Wait::seconds(REST_SECONDS)
        .every(Duration::from_secs(2))
        .until("all is stored and delivered", || {
            why = system.standings();
            let undecided = system.standing(Service::Detector)?.lag;
            let unstored = system
                .standing(Service::Fraud)?
                .worst
                .max(system.standing(Service::Legit)?.worst);
            let pending = system.database.count(PENDING)?;
            why.push_str(&format!("; {pending} alerts are pending"));
            let stored = system.stored()?;
            let still = stored == std::mem::replace(&mut last, stored);
            Ok((still && undecided == 0 && unstored <= marks && pending == 0).then_some(()))
        });
    rested.map_err(|failure| Failure::new(format!("{failure}: {why}")))
}

/// The product's own audit has to come to the same end, number by number.
fn audit(world: &World, books: &Books) -> Outcome {
    let run = ["run", "--rm", "--no-deps", "books", "audit", "--json"];
    let audited = world.docker.compose(&run);
    let said = match &audited {
        Ok(json) => json.lines().last().unwrap_or("nothing").to_owned(),
        Err(failure) => failure.to_string(),
    };
    let journal = &world.journal;
    journal.check(audited.is_ok(), format_args!("fraudstream audit: {said}"));
    let differing = audit::differing(&said, books);
    journal.check(
        differing.is_empty(),
        format_args!("audit and own count: {}", audit::told(&differing)),
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_finding_is_told_under_one_name_or_the_other() {
        let mut findings = Findings::default();
        let kinds = [
            Kind::Lost,
            Kind::DoublyStored,
            Kind::Misrouted,
            Kind::Reordered,
            Kind::Changed,
            Kind::Foreign,
        ];
        for kind in kinds {
            findings.add(kind, "an example");
        }
        let expected = Verdict {
            payments: 7,
            lost: 1,
            doubled: 1,
            misrouted: 1,
            reordered: 1,
            otherwise_wrong: 2,
        };
        assert_eq!(Verdict::new(7, &findings), expected);
    }
}
