//! Every librdkafka setting that we choose, once, with its reason.

use std::time::Duration;

use rdkafka::ClientConfig;

use crate::config::{Authorities, Config, Credentials, Security};

/// How often librdkafka tells its statistics: lag and broker states come from there.
pub const STATISTICS_INTERVAL: Duration = Duration::from_secs(5);

/// A transaction that is not committed for so long is aborted by the coordinator, which ends what a stopped process left open.
pub const TRANSACTION_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a standing connection may leave a request without an answer, in milliseconds.
const SOCKET_TIMEOUT: &str = "10000";

/// Of a transactional producer all of these follow from [`TRANSACTION_TIMEOUT`]: librdkafka refuses a producer whose limits do not
/// go together.
const TIME_LIMITS: &[&str] = &[
    "transaction.timeout.ms",
    "message.timeout.ms",
    "delivery.timeout.ms",
    "socket.timeout.ms",
    "request.timeout.ms",
    "linger.ms",
    "queue.buffering.max.ms",
];

/// How much larger than a payment a record on the outputs may be: headers are added.
pub const HEADER_ROOM_BYTES: usize = 64 * 1024;

/// The largest record that `payments` takes: the broker's own default.
pub const MAX_PAYMENT_BYTES: usize = 1_048_588;

/// What a batch takes besides its records.
const BATCH_HEADER_BYTES: usize = 61;

/// What every client has in common.
fn common(config: &Config) -> ClientConfig {
    let mut client = ClientConfig::new();
    client
        .set("bootstrap.servers", &config.bootstrap_servers)
        .set("client.id", "fraudstream")
        .set("socket.keepalive.enable", "true")
        // The default, and no more: a coordinator whose connection is slow to come is what librdkafka may lose sight of
        // (confluentinc/librdkafka#5456). With 500 ms two workers on the embedded cluster stood still for 10 s in one start of four.
        .set("reconnect.backoff.ms", "100")
        // After a broker's restart wait less than the default 10 s before the next try.
        .set("reconnect.backoff.max.ms", "2000")
        // Lost SYNs are sent again after 1, 3, 7, 15 s: giving up after 5 s reconnects sooner than the default 30 s.
        .set("socket.connection.setup.timeout.ms", "5000")
        // Topics made after the client started are found sooner than the default 5 minutes.
        .set("topic.metadata.refresh.interval.ms", "10000")
        // A service names its topics once and creates them itself, with its own number of partitions.
        .set("allow.auto.create.topics", "false")
        .set(
            "statistics.interval.ms",
            STATISTICS_INTERVAL.as_millis().to_string(),
        )
        // Reconnects are told once by our own log, not for every broker and thread.
        .set("log.connection.close", "false");
    match &config.security {
        Security::Plaintext => {}
        Security::Tls(authorities) => tls(&mut client, "ssl", authorities),
        Security::Sasl(credentials) => sasl(&mut client, "sasl_plaintext", credentials),
        Security::SaslOverTls(credentials, authorities) => {
            sasl(&mut client, "sasl_ssl", credentials);
            tls(&mut client, "sasl_ssl", authorities);
        }
    }
    client
}

fn tls(client: &mut ClientConfig, protocol: &str, authorities: &Authorities) {
    client
        .set("security.protocol", protocol)
        .set("ssl.endpoint.identification.algorithm", "https");
    if let Some(authorities) = authorities {
        client.set("ssl.ca.location", authorities.path().to_string_lossy());
    }
}

fn sasl(client: &mut ClientConfig, protocol: &str, credentials: &Credentials) {
    client
        .set("security.protocol", protocol)
        .set("sasl.mechanism", credentials.mechanism.name())
        .set("sasl.username", &credentials.username)
        .set("sasl.password", credentials.password.expose());
}

/// The operator's own properties come last: they may change what is above, but not what [`crate::properties`] guards, nor what
/// this client has to do without.
fn with_properties(mut client: ClientConfig, config: &Config, without: &[&str]) -> ClientConfig {
    for (name, value) in &config.properties {
        if !without.contains(&name.as_str()) {
            client.set(name, value);
        }
    }
    client
}

/// A member of a consumer group.
pub fn group_consumer(config: &Config, group: &str) -> ClientConfig {
    let mut client = reading(config);
    client
        .set("group.id", group)
        // Partitions that stay are not taken away for a moment at every rebalance.
        .set("partition.assignment.strategy", "cooperative-sticky")
        // A killed process gives its partitions back after this long.
        .set(
            "session.timeout.ms",
            if config.embedded { "6000" } else { "15000" },
        )
        .set(
            "heartbeat.interval.ms",
            if config.embedded { "1000" } else { "3000" },
        )
        // A loop that hangs loses its partitions after this long.
        .set("max.poll.interval.ms", "60000")
        // Likewise for established connections: after an outage TCP's own back-off waits about as long again as it lasted.
        .set("socket.timeout.ms", SOCKET_TIMEOUT);
    with_properties(client, config, &["message.max.bytes"])
}

/// A reader outside of any group, for the audit and for reading back.
pub fn reader(config: &Config) -> ClientConfig {
    let mut client = reading(config);
    // Without a group librdkafka still wants a name; none of its offsets is ever committed.
    client
        .set("group.id", "fraudstream-reader")
        .set("enable.partition.eof", "true")
        // Nobody asks for them, and they would wait in its queue.
        .set("statistics.interval.ms", "0");
    with_properties(client, config, &["message.max.bytes"])
}

fn reading(config: &Config) -> ClientConfig {
    let mut client = common(config);
    client
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("isolation.level", "read_committed")
        // Every assignment names its position. "latest" would lose what was sent before a first start, "earliest" would hide
        // what retention took.
        .set("auto.offset.reset", "error")
        // An empty fetch on the embedded cluster sleeps the whole wait.
        .set(
            "fetch.wait.max.ms",
            if config.embedded { "5" } else { "50" },
        )
        .set("fetch.min.bytes", "1")
        // The default of 1 s starves a loop that empties its queue: a quarter of the speed.
        .set("fetch.queue.backoff.ms", "5")
        // The defaults hold hundreds of MB for each consumer. A record of 250 bytes takes about 700 in the queue, and each broker has
        // one fetch on its way besides.
        .set("queued.max.messages.kbytes", "2048")
        .set("queued.min.messages", "5000")
        .set("fetch.max.bytes", "1048576")
        // A first batch that is larger comes whole all the same (KIP-74).
        .set("fetch.message.max.bytes", "262144");
    client
}

/// The detector's producer.
pub fn transactional_producer(
    config: &Config,
    transactional_id: &str,
    commit_interval: Duration,
    max_record_bytes: usize,
) -> ClientConfig {
    let mut client = producing(config, commit_interval);
    let timeout = TRANSACTION_TIMEOUT.as_millis().to_string();
    client
        .set("transactional.id", transactional_id)
        // What the outputs take: librdkafka counts headers, and refuses what the brokers would refuse.
        // The brokers measure the batch around it as well, and refuse for ever what is a byte too large.
        .set(
            "message.max.bytes",
            max_record_bytes
                .saturating_sub(BATCH_HEADER_BYTES)
                .to_string(),
        )
        // librdkafka makes it the limit of every request, too, less 100 ms.
        .set("transaction.timeout.ms", &timeout)
        // A record that is not delivered within the transaction's time is of no use.
        .set("message.timeout.ms", &timeout)
        // The transaction's outcome speaks for every record; reports of success would only cost.
        .set("delivery.report.only.error", "true")
        // The consumer's tell what probes want to know; these would wait in its queue.
        .set("statistics.interval.ms", "0");
    with_properties(client, config, TIME_LIMITS)
}

/// The payment-producer's producer.
pub fn idempotent_producer(config: &Config) -> ClientConfig {
    // Who publishes waits for each burst to be acknowledged before the next: long enough to hand one over is enough.
    let mut client = producing(config, Duration::from_millis(10));
    client
        // A payment that was made is not given up while the brokers are away.
        .set("message.timeout.ms", "0")
        // A connection that nobody answers on is given up, as a consumer's is: sequence numbers keep what is sent again from
        // being there twice. Brokers that wait for their copies answer sooner than that, or the connection would go for it.
        .set("socket.timeout.ms", SOCKET_TIMEOUT)
        .set("request.timeout.ms", "8000");
    with_properties(client, config, &[])
}

fn producing(config: &Config, linger: Duration) -> ClientConfig {
    let mut client = common(config);
    client
        .set("enable.idempotence", "true")
        .set("acks", "all")
        // An idempotent producer spins in its broker threads over what has lingered while a request is out: whoever produces has
        // to see to it that nothing does.
        .set("linger.ms", linger.as_millis().to_string())
        .set("batch.size", "1000000")
        .set("queue.buffering.max.messages", "50000")
        .set("queue.buffering.max.kbytes", "65536")
        // What Java and kafka-python do with a key; without one, any partition.
        .set("partitioner", "murmur2_random")
        // A plain kafka-python reads nothing but gzip.
        .set("compression.type", "none");
    client
}

/// A client that creates and describes.
pub fn admin(config: &Config) -> ClientConfig {
    let mut client = common(config);
    client
        .set("statistics.interval.ms", "0")
        // While no broker answers librdkafka tries one twice as often as this says, whatever the maximum is: 98 times in 5 s with
        // the default 100 ms, 11 times with this. It only waits at the start.
        .set("reconnect.backoff.ms", "1000");
    with_properties(client, config, &["message.max.bytes"])
}
