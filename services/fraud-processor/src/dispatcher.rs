//! Lease, post, mark.
//!
//! 1. **Leased.** A transaction of its own writes our name and an end into the rows of alerts that are due, no more than can be posted
//!    at once. No lock is held from here on, and other replicas pass these alerts over.
//! 2. **Posted**, several at once.
//! 3. **Marked** with what the receiver made of it: delivered, failed for good, or due again later. All that came back while the database
//!    was busy are marked in one transaction, so that a receiver that is quicker than the database is not kept waiting for it.
//!
//! A crash at any line leaves a lease that runs out, and then the alert is due again: it is delivered once more, under the same key,
//! and never lost. Nothing is given up because the receiver, or the database, is away.
//!
//! All calls to the database are made here, one after the other, so that the outbox takes one connection of the pool and no more.

use std::convert::Infallible;
use std::iter;
use std::sync::Arc;
use std::time::Duration;

use store::{Alert, Fate, Mark, Store, StoreError};
use tokio::sync::Notify;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

use crate::backoff::Backoff;
use crate::metrics::{Metrics, Step};
use crate::quota::Quota;
use crate::receiver::Receiver;
use crate::verdict::Verdict;
use crate::webhook::Webhook;

/// How often waiting alerts are counted.
const COUNT: Duration = Duration::from_secs(10);

/// Counting ends here: it costs time with each row, and more is not worse.
const MOST_COUNTED: u32 = 100_000;

/// While draining, the database is given up after so many failures in a row.
const LAST_TRIES: u32 = 3;

/// How alerts are dispatched. No variable sets these; tests do.
#[derive(Debug, Clone)]
pub struct Options {
    /// Who leases: another name for each dispatcher.
    pub owner: String,
    /// Alerts posted at once.
    pub parallel: usize,
    /// How long an alert is ours: longer than the timeout by what the database may take.
    pub lease: Duration,
    /// How often due alerts are looked for when nobody says that there are new ones.
    pub poll: Duration,
    /// Of an alert that the receiver did not take.
    pub alert_backoff: Backoff,
    /// Of asking a receiver whether it is back.
    pub receiver_backoff: Backoff,
    /// Of calls to the database.
    pub database_backoff: Backoff,
    /// This replica's wall clock, milliseconds since 1970 UTC: how old an alert was when it was delivered.
    pub now_ms: fn() -> i64,
}

impl Options {
    /// What a service uses.
    pub fn standard(webhook: &Webhook, now_ms: fn() -> i64) -> Self {
        let seconds = Duration::from_secs;
        let backoff = |first, longest| Backoff { first, longest };
        Self {
            owner: format!(
                "{}:{}",
                gethostname::gethostname().to_string_lossy(),
                std::process::id()
            ),
            parallel: 16,
            lease: webhook.endpoint().timeout + seconds(60),
            poll: seconds(1),
            alert_backoff: backoff(seconds(1), seconds(300)),
            // One request in half a minute bothers nobody, and a receiver that is back is noticed that soon.
            receiver_backoff: backoff(seconds(1), seconds(30)),
            database_backoff: backoff(Duration::from_millis(200), seconds(5)),
            now_ms,
        }
    }
}

/// Tells a webhook of alerts.
pub struct Dispatcher {
    store: Store,
    webhook: Arc<Webhook>,
    metrics: Metrics,
    /// Told when an alert was stored.
    raised: Arc<Notify>,
    options: Options,
    receiver: Receiver,
    /// Calls to the database that failed in a row.
    database_failures: u32,
    refusals: Quota,
}

/// An alert that was posted.
struct Posted {
    alert: Alert,
    verdict: Verdict,
    /// Whether the receiver was known to be away when it was sent.
    probe: bool,
}

impl Dispatcher {
    /// One that has not begun. `raised` is notified when an alert was stored.
    pub fn new(
        store: Store,
        webhook: Webhook,
        metrics: Metrics,
        raised: Arc<Notify>,
        options: Options,
    ) -> Self {
        Self {
            store,
            webhook: Arc::new(webhook),
            metrics,
            raised,
            receiver: Receiver::new(options.parallel, options.receiver_backoff),
            options,
            database_failures: 0,
            refusals: Quota::default(),
        }
    }

    /// Dispatches until `stop`, then ends what is under way, which takes no longer than the timeout while the database answers.
    pub async fn run(mut self, stop: CancellationToken) {
        let endpoint = self.webhook.endpoint();
        info!(webhook = %endpoint, owner = self.options.owner, "dispatching alerts");
        if endpoint.shows_the_token() {
            warn!(webhook = %endpoint, "the token of ALERT_WEBHOOK_TOKEN can be read by anybody on the way: the URL is not https");
        }
        let counting = count(self.store.clone(), self.metrics.clone());
        tokio::select! {
            () = self.dispatch(&stop) => {}
            never = counting => match never {},
        }
    }

    async fn dispatch(&mut self, stop: &CancellationToken) {
        let mut under_way = JoinSet::new();
        let mut look_at = Instant::now();
        loop {
            let room = self.receiver.room(under_way.len());
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                Some(first) = under_way.join_next() => self.settle(first, &mut under_way, stop).await,
                () = sleep_until(look_at.max(self.receiver.rests_until())), if room > 0 => {
                    look_at = tokio::select! {
                        // What was leased all the same comes back when the lease ends.
                        () = stop.cancelled() => break,
                        look_at = self.lease(room, &mut under_way) => look_at,
                    };
                }
                () = self.raised.notified() => look_at = Instant::now(),
            }
        }
        while let Some(first) = under_way.join_next().await {
            self.settle(first, &mut under_way, stop).await;
        }
    }

    /// Leases up to so many alerts and posts them. Says when to look again.
    async fn lease(&mut self, room: usize, under_way: &mut JoinSet<Posted>) -> Instant {
        let limit = u32::try_from(room).unwrap_or(u32::MAX);
        let lease_ms = i64::try_from(self.options.lease.as_millis()).unwrap_or(i64::MAX);
        let alerts = match self.due(limit, lease_ms).await {
            Ok(alerts) => alerts,
            // Which errors are passing is for the sink to decide, which uses the same database and may end the process.
            Err(error) => return Instant::now() + self.database_failed(&error),
        };
        self.database_answered();
        let pause = if alerts.len() == room {
            // There may be more.
            Duration::ZERO
        } else {
            self.options.poll
        };
        let probe = self.receiver.is_away();
        for alert in alerts {
            let webhook = Arc::clone(&self.webhook);
            under_way.spawn(async move {
                let verdict = webhook.post(&alert).await;
                Posted {
                    alert,
                    verdict,
                    probe,
                }
            });
        }
        Instant::now() + pause
    }

    /// Leases what is due by the database's clock.
    async fn due(&self, limit: u32, lease_ms: i64) -> Result<Vec<Alert>, StoreError> {
        let now = self.store.now_ms().await?;
        self.store
            .lease_alerts(&self.options.owner, limit, lease_ms, now)
            .await
    }

    /// Takes in what came back: the first, and all others that are there by now.
    async fn settle(
        &mut self,
        first: Result<Posted, JoinError>,
        under_way: &mut JoinSet<Posted>,
        stop: &CancellationToken,
    ) {
        let all = iter::once(first).chain(iter::from_fn(|| under_way.try_join_next()));
        let mut posted = Vec::new();
        for one in all {
            match one {
                Ok(one) => posted.push(one),
                // Its lease runs out, and somebody tries again.
                Err(error) => {
                    error!(%error, "posting an alert ended badly; it will be tried again")
                }
            }
        }
        for one in &posted {
            self.hear(one);
        }
        if let Err(error) = self.mark(&posted, stop).await {
            debug!(%error, alerts = posted.len(), "could not note what became of alerts; each is tried by itself");
            for one in posted.chunks(1) {
                if let Err(error) = self.mark(one, stop).await {
                    let source = one.first().map(|one| &*one.alert.id);
                    error!(source, %error, "could not note what became of an alert; it will be posted again");
                }
            }
        }
    }

    /// What an answer tells about the receiver.
    fn hear(&mut self, posted: &Posted) {
        match &posted.verdict {
            Verdict::Delivered | Verdict::Refused { .. } => {
                if self.receiver.answered() {
                    self.metrics.answers.set(1);
                    info!(webhook = %self.webhook.endpoint(), "the webhook answers again");
                }
            }
            Verdict::Later { why, after } => {
                debug!(
                    source = posted.alert.id,
                    attempt = posted.alert.attempt,
                    why,
                    "the webhook did not take an alert; it will be tried again"
                );
                if self.receiver.failed(posted.probe, *after, Instant::now()) {
                    self.metrics.answers.set(0);
                    warn!(webhook = %self.webhook.endpoint(), why, "the webhook does not answer; alerts wait in the outbox, and one at a time asks whether it is back");
                }
            }
        }
    }

    /// Notes in the database what became of alerts, for as long as it takes; while draining, until the database has failed a few times.
    /// An error is one that waiting does not mend.
    async fn mark(
        &mut self,
        posted: &[Posted],
        stop: &CancellationToken,
    ) -> Result<(), StoreError> {
        while !stop.is_cancelled() || self.database_failures < LAST_TRIES {
            let marks: Vec<_> = posted
                .iter()
                .map(|posted| (&posted.alert, self.as_mark(posted)))
                .collect();
            match self.store.mark_alerts(&marks).await {
                Ok(news) => {
                    self.database_answered();
                    for (posted, news) in posted.iter().zip(news) {
                        self.count(posted, news);
                    }
                    return Ok(());
                }
                Err(error) if error.fate() == Fate::Again => {
                    sleep(self.database_failed(&error)).await;
                }
                Err(error) => return Err(error),
            }
        }
        warn!(
            alerts = posted.len(),
            "the outbox is away; what became of alerts is not noted, and they will be posted again"
        );
        Ok(())
    }

    fn as_mark<'a>(&self, posted: &'a Posted) -> Mark<'a> {
        let alert = &posted.alert;
        match &posted.verdict {
            Verdict::Delivered => Mark::Delivered,
            Verdict::Refused { why } => Mark::Failed { why },
            Verdict::Later { why, after } => {
                let tries = u32::try_from(alert.attempt).unwrap_or(u32::MAX);
                let pause = self.options.alert_backoff.pause(tries, &alert.id);
                let pause = pause.max(after.unwrap_or_default());
                Mark::Retry {
                    pause_ms: i64::try_from(pause.as_millis()).unwrap_or(i64::MAX),
                    why,
                }
            }
        }
    }

    /// Counts what was noted. An alert whose lease ran out meanwhile is another dispatcher's to count.
    fn count(&mut self, posted: &Posted, news: bool) {
        let alert = &posted.alert;
        if !news {
            debug!(source = alert.id, "somebody else took this alert meanwhile");
            return;
        }
        match &posted.verdict {
            Verdict::Delivered => {
                let millis = (self.options.now_ms)().saturating_sub(alert.created_at);
                self.metrics
                    .delivery_seconds
                    .observe(millis.max(0) as f64 / 1_000.0);
                self.metrics.count(Step::Delivered);
            }
            Verdict::Later { .. } => self.metrics.count(Step::Retried),
            Verdict::Refused { why } => {
                self.metrics.count(Step::Failed);
                if let Some(unsaid) = self.refusals.take(std::time::Instant::now()) {
                    error!(
                        source = alert.id,
                        why,
                        unsaid,
                        "the webhook refused an alert for good; its row stays in the table alerts, as failed"
                    );
                }
            }
        }
    }

    fn database_answered(&mut self) {
        if self.database_failures > 0 {
            info!("the outbox can be used again");
        }
        self.database_failures = 0;
    }

    /// Says how long to wait.
    fn database_failed(&mut self, error: &StoreError) -> Duration {
        if self.database_failures == 0 {
            warn!(%error, "the outbox cannot be used; will be tried again");
        }
        self.database_failures = self.database_failures.saturating_add(1);
        let (tries, whose) = (self.database_failures, &self.options.owner);
        self.options.database_backoff.pause(tries, whose)
    }
}

/// Keeps the gauge true. It is not worth a retry: the next count is soon.
async fn count(store: Store, metrics: Metrics) -> Infallible {
    loop {
        match store.pending_alerts(MOST_COUNTED).await {
            Ok(pending) => metrics.pending.set(i64::from(pending)),
            Err(error) => debug!(%error, "could not count alerts"),
        }
        sleep(COUNT).await;
    }
}
