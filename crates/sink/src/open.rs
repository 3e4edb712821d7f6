//! Getting everything that a sink needs, however late it comes, and running it.

use std::convert::Infallible;
use std::time::Duration;

use kafka::{ConsumeFault, Consumer, TopicError};
use prometheus::Registry;
use store::{Database as _, Fate, Store, StoreError};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::config::Config;
use crate::desk::{Desk, Runtime};
use crate::metrics::Metrics;
use crate::row::Shelf;
use crate::sink::{Identity, Sink, SinkError};
use crate::watch::Watch;

/// How long a consumer may take to leave its group.
const CLOSE: Duration = Duration::from_secs(10);
/// The longest pause between two tries to reach the database.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// How long one try may take: another replica may be bringing the schema up to date meanwhile.
const OPENING: Duration = Duration::from_secs(180);
/// How often a database that has nothing to do is asked whether it is there.
const PING: Duration = Duration::from_secs(5);

/// Why a sink did not start, or ended before it was told to.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A metric's name was taken.
    #[error("register metrics")]
    Metrics(#[from] prometheus::Error),
    /// The topic cannot be had.
    #[error(transparent)]
    Topic(#[from] TopicError),
    /// The database refuses us.
    #[error(transparent)]
    Database(#[from] StoreError),
    /// The consumer could not be made.
    #[error("consume")]
    Consumer(#[from] ConsumeFault),
    /// The loop ended.
    #[error(transparent)]
    Sink(#[from] SinkError),
    /// The loop panicked.
    #[error("the sink's thread panicked")]
    Panicked(#[from] tokio::task::JoinError),
}

/// Opens the database and brings its schema up to date, waiting for as long as it is away. `None` when told to stop meanwhile.
///
/// # Errors
/// When it refuses us: only an operator can help.
pub async fn open(
    config: &store::Config,
    watch: &Watch,
    stop: &CancellationToken,
) -> Result<Option<Store>, StoreError> {
    let mut pause = Duration::from_millis(200);
    let mut told = String::new();
    loop {
        // Waiting for the database is what this loop does: nobody is to be restarted for it.
        watch.vitals.wait(OPENING);
        let opened = async {
            let store = Store::connect(config).await?;
            store.migrate().await?;
            Ok::<_, StoreError>(store)
        };
        let error = tokio::select! {
            opened = opened => match opened {
                Ok(store) => {
                    watch.heard(Ok(()));
                    return Ok(Some(store));
                }
                Err(error) => error,
            },
            () = stop.cancelled() => return Ok(None),
        };
        if error.fate() != Fate::Again {
            return Err(error);
        }
        let why = error.to_string();
        watch.heard(Err(why.clone()));
        if why != told {
            warn!(why, "the database is not there yet; will be tried again");
            told = why;
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
            () = stop.cancelled() => return Ok(None),
        }
    }
}

/// Stores a topic until `stop`, under the name of a sink that no other table has.
///
/// # Errors
/// When going on is of no use: the brokers or the database refuse us.
pub async fn run<S: Shelf>(
    name: &str,
    config: Config,
    store: Store,
    shelf: S,
    registry: &Registry,
    watch: Watch,
    stop: CancellationToken,
) -> Result<(), Error> {
    let metrics = Metrics::register(registry, S::TABLE)?;
    let kafka_metrics = kafka::Metrics::register(registry)?;
    let topics = [config.topic.clone()];
    let ensured = match kafka::ensure(
        &config.kafka,
        &topics,
        config.creation,
        &watch.vitals,
        &stop,
    )
    .await
    {
        Err(TopicError::Stopped) => return Ok(()),
        ensured => ensured?,
    };
    let connection = std::sync::Arc::clone(&watch.connection);
    let consumer = Consumer::subscribe(
        &config.kafka,
        &config.group_id,
        &config.topic.name,
        &kafka_metrics,
        connection,
    )?;
    let identity = Identity {
        sink: name.to_owned(),
        owner: format!(
            "{}:{}",
            gethostname::gethostname().to_string_lossy(),
            std::process::id()
        ),
        topic: config.topic.name.clone(),
        cluster_id: ensured.cluster_id,
    };
    info!(
        sink = name,
        topic = identity.topic,
        owner = identity.owner,
        "storing"
    );
    let pings = ping(store.clone(), watch.clone());
    let runtime = Runtime::Beside(Handle::current());
    let desk = Desk::new(store, runtime, watch.clone(), metrics.clone());
    let sink = Sink::new(
        consumer,
        desk,
        shelf,
        identity,
        config.options,
        (metrics, kafka_metrics),
        watch,
    );
    let turning = tokio::task::spawn_blocking(move || {
        let (consumer, outcome) = sink.run(&stop);
        // After an error too, so that its partitions go to others at once.
        consumer.close(CLOSE);
        outcome
    });
    tokio::select! {
        outcome = turning => Ok(outcome??),
        never = pings => match never {},
    }
}

/// Keeps the database's readiness true while there is nothing to store.
async fn ping(store: Store, watch: Watch) -> Infallible {
    loop {
        tokio::time::sleep(PING).await;
        let answer = store.ping().await;
        watch.heard(answer.map_err(|error| error.to_string()));
    }
}

#[cfg(test)]
mod tests {
    use settings::{Environment, Reading};

    use super::*;

    #[tokio::test]
    async fn who_waits_for_the_database_at_the_start_is_alive() {
        // Nobody listens there.
        let variables = [("DATABASE_URL", "mysql://app@127.0.0.1:1/fraud")];
        let environment = Environment::from_iter(variables);
        let mut reading = Reading::new(&environment);
        let config = store::Config::read(&mut reading).unwrap();
        let (watch, stop) = (Watch::default(), CancellationToken::new());
        let before = watch.vitals.patience();
        let opening = tokio::spawn({
            let (watch, stop) = (watch.clone(), stop.clone());
            async move { open(&config, &watch, &stop).await }
        });
        let believed = async {
            while watch.vitals.patience() <= before {
                tokio::task::yield_now().await;
            }
        };
        let in_time = tokio::time::timeout(Duration::from_secs(30), believed).await;
        assert!(in_time.is_ok(), "{:?}", watch.vitals.patience());
        stop.cancel();
        assert!(opening.await.unwrap().unwrap().is_none());
    }
}
