//! When all is well again.

use std::time::{Duration, Instant};

use e2e::failure::Outcome;
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

/// Who is behind, and by how much: two seconds of payments are normal, over all or on one partition, and as many alerts as
/// a tenth of these.
pub fn behind(world: &World) -> Outcome<Option<String>> {
    let normal = 2 * world.rate as i64;
    let of_partition = normal / i64::from(e2e::kafka::PARTITIONS) + 30;
    let waiting = world.loader.waiting();
    if waiting as i64 > normal {
        return Ok(Some(format!("{waiting} payments wait for the brokers")));
    }
    for service in Service::CONSUMERS {
        let standing = world.system.standing(service)?;
        if standing.lag > normal || standing.worst > of_partition {
            return Ok(Some(format!("{service} has {standing}")));
        }
    }
    let pending = world
        .system
        .database
        .count("alerts WHERE state <> 'delivered'")?;
    Ok((pending as i64 > normal / 10).then(|| format!("{pending} alerts wait for the webhook")))
}
