//! How long and how much, each with its reason, in this one place.

use std::time::Duration;

/// How long a caller waits for a connection. Short, because the sink polls Kafka between its attempts.
pub(crate) const ACQUIRE: Duration = Duration::from_secs(3);

/// How long one statement may take: more than `LOCK_WAIT_SECONDS`, less than a network that swallows packets.
pub(crate) const STATEMENT: Duration = Duration::from_secs(15);

/// How long a count over a whole table may take.
pub(crate) const COUNT: Duration = Duration::from_secs(600);

/// How long all migrations may take, the wait for another replica's included.
pub(crate) const MIGRATE: Duration = Duration::from_secs(120);

/// How long the server keeps a session that says nothing, and with it the locks of a paused or cut-off owner.
pub(crate) const IDLE_SESSION_SECONDS: u64 = 10;

/// How long a statement waits for a row lock: less than `IDLE_SESSION_SECONDS`, so that a waiter hears `Busy` and
/// comes back rather than holds its caller.
pub(crate) const LOCK_WAIT_SECONDS: u64 = 5;

/// How long a SQLite file is opened again while another program is at it: less than `ACQUIRE`, so that who waits in
/// vain hears why.
pub(crate) const SQLITE_OPENING: Duration = Duration::from_secs(2);

/// Pause before a SQLite file that another program is just opening is opened again.
pub(crate) const SQLITE_PAUSE: Duration = Duration::from_millis(10);

/// Connections at most: a batch, the outbox, a readiness probe, and one to spare for settling a lost COMMIT.
pub(crate) const CONNECTIONS: u32 = 4;

/// First and longest pause while a lost COMMIT is asked after.
pub(crate) const SETTLE_PAUSE: (Duration, Duration) =
    (Duration::from_millis(50), Duration::from_secs(2));

/// Rows of the largest INSERT, a power of two: with `INSERT_BYTES` as it is more would not fit anyway.
pub(crate) const INSERT_ROWS: usize = 64;

/// Bytes of the largest INSERT with more than one row: one TLS record of 16 KiB. sqlx 0.9 leaves Nagle's algorithm on
/// and writes each record by itself, so the last of several waits for the server's delayed acknowledgement, 40 ms on a
/// loopback. On a busy machine of two cores: 6,000 rows/s there with larger statements and 27,000 with these; over
/// Ethernet 22,000 and 31,000.
pub(crate) const INSERT_BYTES: usize = 16_000;

/// Keys of one page of an audit.
pub(crate) const PAGE_ROWS: i64 = 10_000;

/// Characters kept of an error text in a row.
pub(crate) const ERROR_CHARACTERS: usize = 1_000;
