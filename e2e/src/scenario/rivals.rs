//! Two detectors that were given one name: Kafka lets only one of them write, and they must not fence
//! each other for ever.

use std::time::Instant;

use super::course;
use crate::bench::Bench;
use crate::child::Child;
use crate::failure::Outcome;
use crate::service::Service;
use crate::wait::Wait;

pub const NAME: &str = "rivals";

const RATE: u64 = 500;
const LIMIT_SECONDS: u64 = 120;

pub fn run(bench: &Bench) -> Outcome {
    let (stage, mut fleet) = course::set(bench, NAME, RATE)?;
    let journal = &bench.journal;
    let mut first = fleet.take(Service::Detector)?;
    let mut second = stage.process(Service::Detector, &[])?;
    let began = Instant::now();
    journal.say("a second detector has the DETECTOR_INSTANCE of the first");
    Wait::seconds(LIMIT_SECONDS).until("one of the two detectors ends", || {
        fleet.alive()?;
        Ok((first.ended()?.is_some() || second.ended()?.is_some()).then_some(()))
    })?;
    let seconds = began.elapsed().as_secs_f64();
    let mut alive = Vec::new();
    for mut rival in [first, second] {
        match rival.ended()? {
            None => alive.push(rival),
            Some(status) => {
                let words = rival.last_words();
                let names_the_id = words.contains("transactional id") && words.contains("-first-");
                journal.check(
                    status.code() == Some(1) && names_the_id,
                    format_args!(
                        "{} ends after {seconds:.1} s, {status}: {words}",
                        rival.name()
                    ),
                );
            }
        }
    }
    let survivor = match alive.pop() {
        Some(survivor) => survivor,
        None => restarted(bench, &stage)?,
    };
    fleet.add(Service::Detector, survivor);
    course::ready(&stage, &mut fleet)?;
    course::caught_up(&stage, &mut fleet)?;
    course::finish(stage, fleet)
}

/// What an orchestrator does when both have ended at once.
fn restarted(bench: &Bench, stage: &crate::stage::Stage<'_>) -> Outcome<Child> {
    bench.journal.say("both have ended; one is started again");
    stage.process(Service::Detector, &[])
}
