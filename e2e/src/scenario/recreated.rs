//! A topic that is removed and made anew under its old name: its offsets start again at 0, and
//! nothing of the new one may be taken for something old.

use std::collections::HashMap;
use std::time::Instant;

use rdkafka::message::Message as _;

use super::course;
use crate::bench::Bench;
use crate::failure::Outcome;
use crate::fleet::Fleet;
use crate::http::Answer;
use crate::service::Service;
use crate::stage::Stage;
use crate::wait::Wait;

pub const PAYMENTS: &str = "topic-recreated";
pub const OUTPUT: &str = "out-recreated";

/// Before the topic is made anew, and after it.
const COUNT: u64 = 3_000;
const RATE: u64 = 3_000;

/// How often each payload occurs.
type Payloads = HashMap<Vec<u8>, u64>;

/// The topic that the detector reads.
pub fn payments(bench: &Bench) -> Outcome {
    run(bench, PAYMENTS, Service::Detector)
}

/// A topic that the detector writes and a processor reads.
pub fn output(bench: &Bench) -> Outcome {
    run(bench, OUTPUT, Service::Legit)
}

fn run(bench: &Bench, name: &str, reader: Service) -> Outcome {
    let stage = Stage::set(bench, name)?;
    let (journal, topic) = (&bench.journal, stage.system.names.topic(reader));
    let mut fleet = Fleet::default();
    course::start(&stage, &mut fleet, RATE, COUNT)?;
    course::ready(&stage, &mut fleet)?;
    stored(&stage, &mut fleet, reader, COUNT)?;
    let (mut produced, mut decided) = (Payloads::new(), Payloads::new());
    // What goes with the topic has to be remembered.
    let lost = match reader {
        Service::Detector => &mut produced,
        _ => &mut decided,
    };
    count(&stage, topic, lost)?;
    fleet.drain(Service::Producer, journal)?;

    stage.system.kafka.delete(&[topic])?;
    Wait::seconds(30).until("the topic is gone", || {
        Ok((!stage.system.kafka.has(topic)?).then_some(()))
    })?;
    journal.say(format_args!("{topic} is removed"));
    missed(&stage, &mut fleet, reader)?;
    stage.system.kafka.create(topic)?;
    let anew = Instant::now();
    journal.say(format_args!("{topic} is made anew"));
    course::start_producer(&stage, &mut fleet, RATE, COUNT)?;
    stored(&stage, &mut fleet, reader, 2 * COUNT)?;
    ready(&stage, &mut fleet, reader)?;
    let seconds = anew.elapsed().as_secs_f64();
    journal.check(
        seconds < course::RECOVERY_SECONDS as f64,
        format_args!("all goes on {seconds:.1} s after the topic was made anew"),
    );
    fleet.drain_all(journal)?;
    let names = &stage.system.names;
    count(&stage, &names.payments, &mut produced)?;
    count(&stage, &names.fraud, &mut decided)?;
    count(&stage, &names.legit, &mut decided)?;
    compare(&stage, &produced, &decided)?;
    stage.close()
}

/// Waits until so many payments are stored. Whoever reads the topic may end with a sentence when it
/// goes; then it is started again, as an orchestrator does.
fn stored(stage: &Stage<'_>, fleet: &mut Fleet, reader: Service, payments: u64) -> Outcome {
    let what = format!("{payments} payments are stored");
    Wait::seconds(course::RECOVERY_SECONDS).until(&what, || {
        restart(stage, fleet, reader)?;
        Ok((stage.system.stored()? >= payments).then_some(()))
    })?;
    stage.bench.journal.say(what);
    Ok(())
}

/// Waits until whoever reads the topic is ready, in a process that was started again perhaps.
fn ready(stage: &Stage<'_>, fleet: &mut Fleet, reader: Service) -> Outcome {
    Wait::seconds(course::RECOVERY_SECONDS).until(format_args!("{reader} is ready"), || {
        restart(stage, fleet, reader)?;
        // One that ends just now does not answer; the next look finds its successor.
        let answer = fleet.get(reader)?.get("/readyz");
        Ok(answer
            .is_ok_and(|answer| answer.status == 200)
            .then_some(()))
    })?;
    course::ready(stage, fleet)
}

fn restart(stage: &Stage<'_>, fleet: &mut Fleet, reader: Service) -> Outcome {
    let Err(failure) = fleet.alive() else {
        return Ok(());
    };
    let mut ended = fleet.take(reader)?;
    let Some(status) = ended.ended()? else {
        return Err(failure);
    };
    let words = ended.last_words();
    let line = format_args!(
        "{} ended, {status}, and is started again: {words}",
        ended.name()
    );
    stage.bench.journal.check(status.code() == Some(1), line);
    stage.start(fleet, reader)
}

/// Whoever reads the topic has to say that it is not there.
fn missed(stage: &Stage<'_>, fleet: &mut Fleet, reader: Service) -> Outcome {
    let (began, mut last) = (Instant::now(), String::new());
    let told = Wait::seconds(30).until("the topic is missed", || {
        restart(stage, fleet, reader)?;
        let answer = fleet.get(reader)?.get("/readyz");
        last = answer
            .as_ref()
            .map_or_else(ToString::to_string, Answer::line);
        Ok(answer
            .is_ok_and(|answer| answer.status == 503)
            .then_some(()))
    });
    let seconds = began.elapsed().as_secs_f64();
    let line = format_args!("without its topic {reader} is not ready after {seconds:.1} s: {last}");
    stage.bench.journal.check(told.is_ok(), line);
    Ok(())
}

/// Adds the payloads that a topic has now.
fn count(stage: &Stage<'_>, topic: &str, payloads: &mut Payloads) -> Outcome {
    stage.system.kafka.read(topic, |record| {
        let payload = record.payload().unwrap_or_default().to_vec();
        *payloads.entry(payload).or_default() += 1;
        Ok(())
    })?;
    Ok(())
}

/// Sources of two topics share their names here, so it is the bytes that are compared.
fn compare(stage: &Stage<'_>, produced: &Payloads, decided: &Payloads) -> Outcome {
    let (journal, mut rows) = (&stage.bench.journal, Payloads::new());
    for table in ["fraud_payments", "legit_payments"] {
        stage.system.database.payments(table, |row| {
            *rows.entry(row.payload).or_default() += 1;
        })?;
    }
    let all: u64 = produced.values().sum();
    journal.check(
        all == 2 * COUNT,
        format_args!("{all} payments were produced"),
    );
    for (place, found) in [("on the outputs", decided), ("in the tables", &rows)] {
        let found_in_all: u64 = found.values().sum();
        let line =
            format_args!("{found_in_all} payments {place}, with the bytes of those produced");
        journal.check(found == produced, line);
    }
    Ok(())
}
