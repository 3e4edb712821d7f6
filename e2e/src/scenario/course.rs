//! Steps that scenarios have in common.

use std::time::{Duration, Instant};

use crate::audit;
use crate::bench::Bench;
use crate::failure::{Failure, Outcome};
use crate::fleet::Fleet;
use crate::service::Service;
use crate::stage::Stage;
use crate::wait::Wait;

/// What goes on by itself does so within this time.
pub const RECOVERY_SECONDS: u64 = 60;

/// After two minutes there is much to catch up with.
const CATCH_UP_SECONDS: u64 = 180;

/// Starts all services; the producer makes `rate` payments a second until it has made `count`, 0
/// meaning without end.
pub fn start(stage: &Stage<'_>, fleet: &mut Fleet, rate: u64, count: u64) -> Outcome {
    for service in Service::CONSUMERS {
        stage.start(fleet, service)?;
    }
    start_producer(stage, fleet, rate, count)
}

/// Starts the producer alone.
pub fn start_producer(stage: &Stage<'_>, fleet: &mut Fleet, rate: u64, count: u64) -> Outcome {
    let producer = stage.process(
        Service::Producer,
        &[
            ("PRODUCER_RATE_PER_SECOND", &rate.to_string()),
            ("PRODUCER_COUNT", &count.to_string()),
            ("PRODUCER_SEED", &stage.seed()),
        ],
    )?;
    fleet.add(Service::Producer, producer);
    Ok(())
}

/// Waits until every service says that it is ready.
pub fn ready(stage: &Stage<'_>, fleet: &mut Fleet) -> Outcome {
    let (started, mut last) = (Instant::now(), String::new());
    let waited = Wait::seconds(RECOVERY_SECONDS).until("all services are ready", || {
        fleet.alive()?;
        let answers = fleet.ask("/readyz")?;
        let unready = answers.iter().find(|(_, answer)| answer.status != 200);
        last = unready.map_or_else(String::new, |(service, answer)| {
            format!("{service} answers {}", answer.line())
        });
        Ok(last.is_empty().then_some(()))
    });
    waited.map_err(|failure| Failure::new(format!("{failure}; {last}")))?;
    let seconds = started.elapsed().as_secs_f64();
    stage.bench.journal.say(format_args!(
        "all services are ready ({seconds:.1} s waited)"
    ));
    Ok(())
}

/// Waits until more is stored than now.
pub fn flowing(stage: &Stage<'_>, fleet: &mut Fleet) -> Outcome {
    let before = stage.system.stored()?;
    Wait::seconds(RECOVERY_SECONDS)
        .every(Duration::from_millis(250))
        .until("more payments are stored", || {
            fleet.alive()?;
            Ok((stage.system.stored()? > before).then_some(()))
        })
        .map_err(|failure| Failure::new(format!("{failure}; {}", stage.system.standings())))
}

/// Waits until all that is on `payments` now is stored.
pub fn caught_up(stage: &Stage<'_>, fleet: &mut Fleet) -> Outcome {
    let started = Instant::now();
    let produced = Wait::seconds(RECOVERY_SECONDS).until("the topic tells its end", || {
        Ok(stage.system.kafka.count(&stage.system.names.payments).ok())
    })?;
    Wait::seconds(CATCH_UP_SECONDS)
        .every(Duration::from_millis(250))
        .until(format_args!("{produced} payments are stored"), || {
            fleet.alive()?;
            Ok((stage.system.stored()? >= produced).then_some(()))
        })
        .map_err(|failure| Failure::new(format!("{failure}; {}", stage.system.standings())))?;
    let seconds = started.elapsed().as_secs_f64();
    let line = format_args!("all {produced} payments until now are stored ({seconds:.1} s waited)");
    stage.bench.journal.say(line);
    Ok(())
}

/// Lets the producer finish, everything be stored and all services drain; then checks the books.
pub fn finish(stage: Stage<'_>, mut fleet: Fleet) -> Outcome {
    let journal = &stage.bench.journal;
    fleet.drain(Service::Producer, journal)?;
    let produced = stage.system.kafka.count(&stage.system.names.payments)?;
    stage.settle(&mut fleet, produced, RECOVERY_SECONDS)?;
    fleet.drain_all(journal)?;
    audit::balance(&stage, produced)?;
    stage.close()
}

/// A stage with all services at work on `rate` payments a second.
pub fn set<'b>(bench: &'b Bench, name: &str, rate: u64) -> Outcome<(Stage<'b>, Fleet)> {
    let stage = Stage::set(bench, name)?;
    let mut fleet = Fleet::default();
    start(&stage, &mut fleet, rate, 0)?;
    ready(&stage, &mut fleet)?;
    caught_up(&stage, &mut fleet)?;
    Ok((stage, fleet))
}
