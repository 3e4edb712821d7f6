//! What the live page is told.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use prometheus::Registry;
use serde::Serialize;
use service::{Process, clock};
use store::{RecentAlert, Store};

use crate::demo::counts::{Counts, by_label};
use crate::demo::plant::Plant;

/// How many alerts are shown.
const ALERTS: u32 = 12;
/// Between two looks at what takes a moment to find out.
const LOOK: Duration = Duration::from_millis(500);

/// What the page shows, one object a second.
#[derive(Serialize)]
struct Shown<'a> {
    now_ms: i64,
    produced: u64,
    fraud: u64,
    legit: u64,
    dead_lettered: u64,
    in_flight: u64,
    /// State of a row, and how many are in it.
    states: Vec<(String, u64)>,
    /// Services that are not ready, each with why.
    troubles: &'a [String],
    alerts: &'a [ShownAlert],
    data: &'a str,
}

#[derive(Debug, Clone, Serialize)]
struct ShownAlert {
    id: String,
    created_ms: i64,
    rules: Vec<String>,
    amount: String,
}

/// Where the page's numbers come from.
pub struct State {
    counts: Arc<Counts>,
    detector: Registry,
    processors: [Registry; 2],
    data: String,
    seen: Arc<Mutex<Seen>>,
}

/// What was found out a moment ago.
#[derive(Default)]
struct Seen {
    troubles: Vec<String>,
    alerts: Vec<ShownAlert>,
}

impl State {
    /// Starts looking.
    pub fn of(plant: &Plant, counts: Arc<Counts>) -> Self {
        let seen = Arc::<Mutex<Seen>>::default();
        let services = plant
            .stations()
            .map(|station| (station.name, station.process.clone()));
        tokio::spawn(look(
            services,
            store::Config::sqlite(&plant.database),
            Arc::clone(&seen),
        ));
        Self {
            counts,
            detector: plant.detector.process.registry.clone(),
            processors: [&plant.fraud, &plant.legit]
                .map(|station| station.process.registry.clone()),
            data: plant.database.display().to_string(),
            seen,
        }
    }

    /// What the page shows at this moment.
    pub fn to_json(&self) -> String {
        let [fraud, legit] = self
            .processors
            .each_ref()
            .map(|registry| by_label(registry, "fraudstream_payments_stored_total", "state"));
        let refused = |registry| {
            by_label(registry, "fraudstream_dead_letters_total", "")
                .values()
                .sum::<u64>()
        };
        let sum = |states: &BTreeMap<String, u64>| states.values().sum::<u64>();
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let shown = Shown {
            now_ms: clock::now_ms(),
            produced: self.counts.produced(),
            fraud: sum(&fraud),
            legit: sum(&legit),
            dead_lettered: refused(&self.detector)
                + self.processors.iter().map(refused).sum::<u64>(),
            in_flight: self.counts.produced().saturating_sub(self.counts.settled()),
            states: fraud.into_iter().chain(legit).collect(),
            troubles: &seen.troubles,
            alerts: &seen.alerts,
            data: &self.data,
        };
        serde_json::to_string(&shown).unwrap_or_default()
    }
}

/// Looks for trouble and alerts, for as long as the demo lasts.
async fn look(
    services: [(&'static str, Process); 4],
    database: store::Config,
    seen: Arc<Mutex<Seen>>,
) {
    let mut store = None;
    loop {
        let mut troubles = Vec::new();
        for (name, process) in &services {
            let report = process.health.readiness().await;
            troubles.extend(report.answers().filter_map(|(dependency, answer)| {
                Some(format!("{name}: {dependency}: {}", answer.as_ref().err()?))
            }));
        }
        if store.is_none() {
            store = Store::connect(&database).await.ok();
        }
        let alerts = match &store {
            // Before a processor made the tables there is nothing to see.
            Some(store) => store.recent_alerts(ALERTS).await.unwrap_or_default(),
            None => Vec::new(),
        };
        *seen.lock().unwrap_or_else(PoisonError::into_inner) = Seen {
            troubles,
            alerts: alerts.into_iter().map(shown).collect(),
        };
        tokio::time::sleep(LOOK).await;
    }
}

fn shown(alert: RecentAlert) -> ShownAlert {
    let body: serde_json::Value = serde_json::from_str(&alert.body).unwrap_or_default();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let rules = body["rules"]
        .as_array()
        .map(|rules| rules.iter().map(text).collect())
        .unwrap_or_default();
    let amount = format!("{} {}", text(&body["amount"]), text(&body["currency"]));
    ShownAlert {
        id: alert.id,
        created_ms: alert.created_at,
        rules,
        amount: amount.trim().to_owned(),
    }
}
