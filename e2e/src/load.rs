//! Payments for a scenario: the product's own producer, and odd records of ours among them.

use std::time::{Duration, Instant};

use crate::child::{Child, Signal};
use crate::failure::Outcome;
use crate::fleet::drained;
use crate::odd::Sender;
use crate::service::Service;
use crate::stage::Stage;
use crate::usage::Megabytes;
use crate::wait::Wait;

/// As fast as the machine can: payment-producer's own upper limit.
pub const AT_ONCE: u64 = 1_000_000;

/// What is on `payments`, and what is still on its way there.
pub struct Load<'s, 'b> {
    stage: &'s Stage<'b>,
    producers: Vec<Child>,
    ordered: u64,
    odd: u64,
    dead: u64,
}

impl<'s, 'b> Load<'s, 'b> {
    /// Nothing yet.
    pub fn new(stage: &'s Stage<'b>) -> Self {
        Self {
            stage,
            producers: Vec::new(),
            ordered: 0,
            odd: 0,
            dead: 0,
        }
    }

    /// Orders so many seeded payments, as fast as can be; they arrive in the background.
    pub fn order(&mut self, count: u64) -> Outcome {
        let producer = self.stage.process(
            Service::Producer,
            &[
                ("PRODUCER_COUNT", &count.to_string()),
                ("PRODUCER_SEED", &self.stage.seed()),
                ("PRODUCER_RATE_PER_SECOND", &AT_ONCE.to_string()),
            ],
        )?;
        self.take_over(producer, count);
        Ok(())
    }

    /// Takes over a producer that somebody else has started with an order of so many.
    pub fn take_over(&mut self, producer: Child, count: u64) {
        self.producers.push(producer);
        self.ordered += count;
    }

    /// Orders seeded payments and waits for them; `odd` records of ours arrive among them.
    pub fn preload(&mut self, count: u64, odd: u64) -> Outcome {
        let (stage, started) = (self.stage, Instant::now());
        let topic = &stage.system.names.payments;
        self.order(count)?;
        Wait::seconds(30).until(format_args!("{topic} is there"), || {
            Ok(stage.system.kafka.has(topic)?.then_some(()))
        })?;
        let mut sender = Sender::new(&stage.bench.bootstrap, topic)?;
        let mut sent = 0;
        Wait::seconds(120).every(Duration::from_millis(20)).until(
            format_args!("{count} payments are produced"),
            || {
                let on_topic = stage.system.kafka.count(topic)?;
                let due = share(odd, on_topic, count) - sent;
                sender.send(due)?;
                sent += due;
                Ok((on_topic >= count).then_some(()))
            },
        )?;
        sender.send(odd - sent)?;
        let (odd, dead) = sender.finish()?;
        (self.odd, self.dead) = (self.odd + odd, self.dead + dead);
        let ordered = self.finish()?;
        let seconds = started.elapsed().as_secs_f64();
        stage.bench.journal.say(format_args!(
            "{ordered} records on {topic} after {seconds:.1} s: {count} of payment-producer, {odd} odd ones, {dead} of \
             them unreadable"
        ));
        Ok(())
    }

    /// Whether payments are on their way.
    pub fn is_running(&self) -> bool {
        !self.producers.is_empty()
    }

    /// Lets producers go that have delivered; says whether all have.
    pub fn look(&mut self) -> Outcome<bool> {
        let on_topic = self
            .stage
            .system
            .kafka
            .count(&self.stage.system.names.payments)?;
        if on_topic < self.ordered + self.odd {
            return Ok(false);
        }
        for mut producer in self.producers.drain(..) {
            // It idles once it has made what was ordered.
            producer.signal(Signal::Term)?;
            let journal = &self.stage.bench.journal;
            drained(&mut producer, journal)?;
            let peak = Megabytes(producer.peak_kib());
            journal.say(format_args!(
                "peak RSS of payment-producer at full speed: {peak}"
            ));
        }
        Ok(true)
    }

    /// Waits until everything that was ordered is there; says how many records that is.
    pub fn finish(&mut self) -> Outcome<u64> {
        Wait::seconds(120).until("all payments are produced", || {
            Ok(self.look()?.then_some(()))
        })?;
        Ok(self.ordered + self.odd)
    }

    /// How many records a table has to have in the end.
    pub fn storable(&self) -> u64 {
        self.ordered + self.odd - self.dead
    }
}

/// How many of the odd records belong among so many of `count` payments: one in any case, so that they are not all last.
fn share(odd: u64, on_topic: u64, count: u64) -> u64 {
    (odd * on_topic / count.max(1)).max(1).min(odd)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_records_come_among_the_others_and_may_be_none() {
        assert_eq!(share(0, 5, 10), 0);
        assert_eq!(share(4, 0, 10), 1);
        assert_eq!(share(4, 5, 10), 2);
        assert_eq!(share(4, 99, 10), 4);
        assert_eq!(share(4, 99, 0), 4);
    }
}
