//! What payments are made of: a pure function of a seed, a start time and a few sizes.
//!
//! Every random draw comes from one named algorithm in one fixed order, and every time from the payment's number, so equal
//! arguments give equal bytes, on every machine and in every later version. Whole numbers only: the last bit of a logarithm is
//! not the same everywhere.

mod choice;

use chrono::{DateTime, Timelike as _};
use chrono_tz::Tz;
use payment::{Amount, Fields, Payment, wire};
use rand::rngs::ChaCha12Rng;
use rand::{Rng as _, RngExt as _, SeedableRng as _};
use uuid::Builder;

use crate::pace::Pace;
use choice::{AMOUNTS, HOMES, PAYMENT_TYPES, RECIPIENTS, WHOLE_PERCENT, at, pick};

/// Which fields are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// All of them, and the account as the record's key.
    Full,
    /// The five fields of the replaced producer, in its bytes, without a key.
    Legacy,
}

/// What the payments depend on.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Decides every draw.
    pub seed: u64,
    /// When the first payment happens, milliseconds since the epoch.
    pub start_ms: i64,
    /// When the others do.
    pub pace: Pace,
    /// Where DATE and TIME are read off the clock.
    pub time_zone: Tz,
    /// How many accounts pay.
    pub accounts: u32,
    /// Which fields are written.
    pub format: Format,
}

/// A record to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generated {
    /// The paying account, which keeps its payments in order.
    pub key: Option<String>,
    /// The payment's bytes.
    pub payload: Vec<u8>,
    /// When it happened, milliseconds since the epoch.
    pub timestamp_ms: i64,
}

/// Payments without end, or at least until the year 9999, where the wire's calendar ends.
#[derive(Debug)]
pub struct Generator {
    plan: Plan,
    random: ChaCha12Rng,
    number: u64,
}

impl Generator {
    /// Begins with the first payment of `plan`.
    #[must_use]
    pub fn new(plan: Plan) -> Self {
        Self {
            plan,
            random: ChaCha12Rng::seed_from_u64(plan.seed),
            number: 0,
        }
    }

    /// The same draws in the same order whatever the format: a legacy run is the same stream, seen with old eyes.
    fn make(&mut self) -> Option<Generated> {
        let Plan {
            start_ms,
            pace,
            time_zone,
            accounts,
            format,
            ..
        } = self.plan;
        let timestamp_ms =
            start_ms.checked_add(i64::try_from(pace.due(self.number).as_millis()).ok()?)?;
        let local = DateTime::from_timestamp_millis(timestamp_ms)?
            .with_timezone(&time_zone)
            .naive_local();
        let random = &mut self.random;
        let payment_type = *pick(random, PAYMENT_TYPES)?;
        let who = *pick(random, RECIPIENTS)?;
        let amount = draw_amount(random)?;
        let account = draw_account(random, accounts);
        let (country, currency) = *at(HOMES, account % 100)?;
        let account = format!("acct-{account:06}");
        let id = draw_id(random, timestamp_ms);
        let fields = Fields {
            date: local.date(),
            time: local.time().with_nanosecond(0)?,
            payment_type: payment_type.into(),
            amount,
            who: who.into(),
            id: Some(id.into()),
            account: Some(account.as_str().into()),
            currency: Some(currency.into()),
            country: Some(country.into()),
        };
        let payment = Payment::try_from(fields).ok()?;
        let payload = match format {
            Format::Full => wire::write(&payment),
            Format::Legacy => wire::write_legacy(&payment),
        };
        let key = match format {
            Format::Full => Some(account),
            Format::Legacy => None,
        };
        self.number += 1;
        Some(Generated {
            key,
            payload,
            timestamp_ms,
        })
    }
}

impl Iterator for Generator {
    type Item = Generated;

    fn next(&mut self) -> Option<Generated> {
        self.make()
    }
}

fn draw_amount(random: &mut ChaCha12Rng) -> Option<Amount> {
    let (least, most) = *pick(random, AMOUNTS)?;
    let hundredths = random.random_range(least..=most);
    let whole = random.random_range(0..100) < WHOLE_PERCENT;
    // Rounded up, so that nothing is paid with 0.
    Amount::from_hundredths(if whole {
        hundredths.next_multiple_of(100)
    } else {
        hundredths
    })
}

/// The lower of two draws: some accounts pay much more often than others, as people do.
fn draw_account(random: &mut ChaCha12Rng, accounts: u32) -> u32 {
    let draws = (
        random.random_range(0..accounts),
        random.random_range(0..accounts),
    );
    draws.0.min(draws.1)
}

/// A UUIDv7 of the payment's own time.
fn draw_id(random: &mut ChaCha12Rng, timestamp_ms: i64) -> String {
    let mut unique = [0; 10];
    random.fill_bytes(&mut unique);
    Builder::from_unix_timestamp_millis(timestamp_ms.unsigned_abs(), &unique)
        .into_uuid()
        .to_string()
}

#[cfg(test)]
mod tests;
