//! How far the demo is, by the services' own metrics.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use prometheus::Registry;

use crate::demo::plant::Plant;

/// So many payments may be between the producer and their rows. The embedded cluster keeps 5 MiB a partition, which is more
/// than eight thousand decided payments.
const WINDOW: u64 = 10_000;

/// Numbers that the demo steers by. They come from counters, which in one process that drains lose nothing.
#[derive(Debug, Default)]
pub struct Counts {
    produced: AtomicU64,
    settled: AtomicU64,
    read_along: AtomicU64,
}

impl Counts {
    /// Reads the services' metrics.
    pub fn look(&self, plant: &Plant) {
        let produced = sum(
            &plant.producer.process.registry,
            "fraudstream_payments_produced_total",
        );
        let refused = sum(
            &plant.detector.process.registry,
            "fraudstream_dead_letters_total",
        );
        let stored: u64 = [&plant.fraud.process.registry, &plant.legit.process.registry]
            .into_iter()
            .map(|registry| {
                sum(registry, "fraudstream_payments_stored_total")
                    + sum(registry, "fraudstream_dead_letters_total")
            })
            .sum();
        self.produced.store(produced, Ordering::Relaxed);
        self.settled.store(refused + stored, Ordering::Relaxed);
    }

    /// Payments that are on `payments`.
    pub fn produced(&self) -> u64 {
        self.produced.load(Ordering::Relaxed)
    }

    /// Payments that came to rest.
    pub fn settled(&self) -> u64 {
        self.settled.load(Ordering::Relaxed)
    }

    /// The clerk has read so many decided records.
    pub fn read_along(&self, records: u64) {
        self.read_along.store(records, Ordering::Relaxed);
    }

    /// Whether the payment of this number may be produced: everything far before it was stored, and seen by the clerk.
    pub fn may_pass(&self, number: u64) -> bool {
        number < WINDOW + self.settled().min(self.read_along.load(Ordering::Relaxed))
    }
}

/// The sum of a counter over all its labels.
fn sum(registry: &Registry, name: &str) -> u64 {
    by_label(registry, name, "").values().sum()
}

/// A counter's values by one of its labels.
pub fn by_label(registry: &Registry, name: &str, label: &str) -> BTreeMap<String, u64> {
    let mut values = BTreeMap::new();
    for family in registry
        .gather()
        .iter()
        .filter(|family| family.name() == name)
    {
        for metric in family.get_metric() {
            let key = metric
                .get_label()
                .iter()
                .find(|pair| pair.name() == label)
                .map_or("", |pair| pair.value());
            *values.entry(key.to_owned()).or_default() += metric.get_counter().get_value() as u64;
        }
    }
    values
}
