//! When all is well again.

use std::time::{Duration, Instant};

use e2e::failure::Outcome;
use e2e::kafka::PARTITIONS;
use e2e::service::Service;
use e2e::wait::pace;

use crate::world::{PRODUCER_RATE, World};

/// A system that is well stays so.
const STEADY: Duration = Duration::from_secs(10);

/// Whoever is not well by then will not be.
const LIMIT: Duration = Duration::from_secs(240);

/// Between two looks.
const OFTEN: Duration = Duration::from_millis(250);

/// Whoever is not well by then is named.
const LONG: Duration = Duration::from_secs(20);

/// Alerts that nobody has taken yet.
pub const PENDING: &str = "alerts WHERE state <> 'delivered'";

/// By the detector's DETECTOR_COMMIT_INTERVAL_MS of 100 ms.
const TRANSACTIONS_A_SECOND: i64 = 10;

/// Waits until lags have been normal for a while, and says how long after `ended` that began; nothing when it did not.
pub fn wait(world: &mut World, ended: Instant) -> Outcome<Option<Duration>> {
    let (mut well, mut told) = (None, Instant::now());
    loop {
        let theirs = world.theirs();
        let behind = behind(world).and_then(|behind| Ok((behind, theirs?)));
        if behind.is_err() {
            // What our clients remember of brokers that are gone must not count as the system's own.
            world.look_anew()?;
        }
        if told.elapsed() > LONG && !matches!(behind, Ok((None, _))) {
            told = Instant::now();
            let why = match &behind {
                Ok((why, _)) => why.clone().unwrap_or_default(),
                Err(failure) => failure.to_string(),
            };
            world.journal.say(format_args!("not well yet: {why}"));
        }
        // What cannot be asked now is not well.
        match behind {
            Ok((None, theirs)) => {
                let (since, before) = *well.get_or_insert_with(|| (Instant::now(), theirs));
                let enough = PRODUCER_RATE as i64 * STEADY.as_secs() as i64 / 2;
                match (since.elapsed() >= STEADY, theirs - before >= enough) {
                    (true, true) => return Ok(Some(since.saturating_duration_since(ended))),
                    // Nobody is behind, but payment-producer stands still.
                    (true, false) => well = None,
                    (false, _) => {}
                }
            }
            Ok((Some(_), _)) | Err(_) => well = None,
        }
        if ended.elapsed() > LIMIT {
            return Ok(None);
        }
        pace(OFTEN)?;
    }
}

/// Who is behind, and by how much: two seconds of what reaches a service are normal, over all or on one partition, and as many
/// alerts as a tenth of two seconds of payments.
pub fn behind(world: &World) -> Outcome<Option<String>> {
    let of_all = normal(world.rate, Service::Producer);
    let waiting = world.loader.waiting();
    if waiting as i64 > of_all {
        return Ok(Some(format!("{waiting} payments wait for the brokers")));
    }
    for service in Service::CONSUMERS {
        let normal = normal(world.rate, service);
        let of_partition = normal / i64::from(PARTITIONS) + 30;
        let standing = world.system.standing(service)?;
        if standing.lag > normal || standing.worst > of_partition {
            return Ok(Some(format!("{service} has {standing}")));
        }
    }
    let pending = world.system.database.count(PENDING)?;
    Ok((pending as i64 > of_all / 10).then(|| format!("{pending} alerts wait for the webhook")))
}

/// Two seconds of the offsets that are written for a service. Each transaction of the detector leaves a marker in every partition
/// that it wrote to.
fn normal(rate: u64, service: Service) -> i64 {
    let payments = rate as f64 * service.share();
    let markers = match service {
        Service::Producer | Service::Detector => 0,
        Service::Fraud | Service::Legit => TRANSACTIONS_A_SECOND * i64::from(PARTITIONS),
    };
    2 * (payments as i64 + markers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_seconds_are_fewer_for_whom_fewer_payments_reach() {
        assert_eq!(normal(450, Service::Detector), 900);
        assert_eq!(normal(450, Service::Legit), 720 + 120);
        assert_eq!(normal(450, Service::Fraud), 180 + 120);
    }
}
