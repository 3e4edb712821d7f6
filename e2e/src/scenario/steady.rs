//! What each service costs at a steady rate.

use std::time::{Duration, Instant};

use super::course;
use crate::audit;
use crate::bench::Bench;
use crate::failure::Outcome;
use crate::fleet::Fleet;
use crate::machine::Machine;
use crate::service::Service;
use crate::stage::Stage;
use crate::usage::{Megabytes, Usage};
use crate::wait::{Wait, pace};

pub const NAME: &str = "steady";

const RATE: u64 = 5_000;
/// What is measured.
const WINDOW: Duration = Duration::from_secs(30);
/// Before it: connections, first transactions.
const WARM_UP_SECONDS: u64 = 3;

const RSS_LIMIT_MB: u64 = 32;
/// Of the detector, for a million payments.
const CPU_LIMIT_SECONDS: f64 = 20.0;

pub fn run(bench: &Bench) -> Outcome {
    let stage = Stage::set(bench, NAME)?;
    let mut fleet = Fleet::default();
    for service in Service::CONSUMERS {
        stage.start(&mut fleet, service)?;
    }
    course::ready(&stage, &mut fleet)?;
    course::start_producer(&stage, &mut fleet, RATE, 0)?;
    let warm = RATE * WARM_UP_SECONDS;
    Wait::seconds(60)
        .every(Duration::from_millis(250))
        .until("the stream is warm", || {
            fleet.alive()?;
            Ok((stage.system.stored()? >= warm).then_some(()))
        })?;
    measure(&stage, &mut fleet)?;
    fleet.check_peaks(&bench.journal, RSS_LIMIT_MB, "at a steady 5,000/s");
    fleet.drain(Service::Producer, &bench.journal)?;
    let count = stage.system.kafka.count(&stage.system.names.payments)?;
    stage.settle(&mut fleet, count, 60)?;
    let latencies = stage.system.database.latencies_ms()?;
    bench.journal.say(format_args!(
        "from a payment's time to its row: p50 {} ms, p99 {} ms, longest {} ms over {} rows",
        quantile(&latencies, 0.50),
        quantile(&latencies, 0.99),
        quantile(&latencies, 1.0),
        latencies.len()
    ));
    fleet.drain_all(&bench.journal)?;
    audit::balance(&stage, count)?;
    stage.close()
}

/// CPU over the window, by payments that were produced in it.
fn measure(stage: &Stage<'_>, fleet: &mut Fleet) -> Outcome {
    let journal = &stage.bench.journal;
    let (before, machine) = (usages(fleet)?, Machine::look()?);
    let (first, started) = (
        stage.system.kafka.count(&stage.system.names.payments)?,
        Instant::now(),
    );
    pace(WINDOW)?;
    fleet.alive()?;
    let after = usages(fleet)?;
    let payments = (stage.system.kafka.count(&stage.system.names.payments)? - first) as f64;
    let seconds = started.elapsed().as_secs_f64();
    let rate = payments / seconds;
    journal.check(
        (rate / RATE as f64 - 1.0).abs() < 0.05,
        format_args!("{rate:.0} payments a second over {seconds:.1} s ({RATE} expected)"),
    );
    let busy = Machine::look()?.busy_percent(machine);
    journal.say(format_args!(
        "the machine is {busy} % busy; {}",
        stage.system.standings()
    ));
    for ((service, before), (_, after)) in before.iter().zip(&after) {
        let used = after.cpu_seconds - before.cpu_seconds;
        let of_a_million = used / payments * 1e6;
        let line = format!(
            "{service}: {of_a_million:.1} CPU-s per million payments ({:.1} % of a core), RSS {}, peak {}",
            used / seconds * 100.0,
            Megabytes(after.resident_kib),
            Megabytes(after.peak_kib)
        );
        match service {
            Service::Detector => {
                let line = format!("{line} (limit {CPU_LIMIT_SECONDS} CPU-s)");
                journal.check(of_a_million <= CPU_LIMIT_SECONDS, line);
            }
            _ => journal.say(line),
        }
    }
    Ok(())
}

fn usages(fleet: &Fleet) -> Outcome<Vec<(Service, Usage)>> {
    let running = fleet.all();
    running
        .map(|(service, child)| Ok((service, child.usage()?)))
        .collect()
}

/// A quantile of values in ascending order.
fn quantile(sorted: &[i64], part: f64) -> i64 {
    let last = sorted.len().saturating_sub(1);
    sorted
        .get((last as f64 * part) as usize)
        .copied()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_lie_between_the_first_and_the_last() {
        let sorted: Vec<i64> = (0..=100).collect();
        assert_eq!(
            [0.5, 0.99, 1.0].map(|part| quantile(&sorted, part)),
            [50, 99, 100]
        );
        assert_eq!(quantile(&[], 0.5), 0);
    }
}
