//! The schema, version by version.
//!
//! MySQL cannot take DDL back, so every migration is one statement that only adds and that may run twice: a replica
//! killed in the middle leaves a version marked as begun, and the next replica begins it again. Versions that this
//! program does not know are a newer program's and stay, which is what makes a rollback of the program possible.

use sqlx::migrate::{Migrate, MigrateError, Migration, MigrationType, Migrator};
use sqlx::{Connection, MySqlConnection, MySqlPool, SqlSafeStr, SqlitePool};

use crate::session::Pool;
use crate::{StoreError, Trouble, fault, limits};

const ATTEMPT: &str = "bring the schema up to date";

type Versions = &'static [(i64, &'static str, &'static str)];

const MYSQL: Versions = &[
    (
        1,
        "fraud payments",
        include_str!("../migrations/mysql/1_fraud_payments.sql"),
    ),
    (
        2,
        "legit payments",
        include_str!("../migrations/mysql/2_legit_payments.sql"),
    ),
    (
        3,
        "alerts",
        include_str!("../migrations/mysql/3_alerts.sql"),
    ),
    (
        4,
        "dead letters",
        include_str!("../migrations/mysql/4_dead_letters.sql"),
    ),
    (
        5,
        "sink offset",
        include_str!("../migrations/mysql/5_sink_offset.sql"),
    ),
];

const SQLITE: Versions = &[
    (
        1,
        "fraud payments",
        include_str!("../migrations/sqlite/1_fraud_payments.sql"),
    ),
    (
        2,
        "legit payments",
        include_str!("../migrations/sqlite/2_legit_payments.sql"),
    ),
    (
        3,
        "alerts",
        include_str!("../migrations/sqlite/3_alerts.sql"),
    ),
    (
        4,
        "dead letters",
        include_str!("../migrations/sqlite/4_dead_letters.sql"),
    ),
    (
        5,
        "sink offset",
        include_str!("../migrations/sqlite/5_sink_offset.sql"),
    ),
    (
        6,
        "alerts due",
        include_str!("../migrations/sqlite/6_alerts_due.sql"),
    ),
];

/// Applies what is missing. Waits for another replica that is at it.
pub(crate) async fn migrate(pool: &Pool) -> Result<(), StoreError> {
    let applied = tokio::time::timeout(limits::MIGRATE, async {
        match pool {
            Pool::MySql(pool) => mysql(pool).await,
            Pool::Sqlite(pool) => sqlite(pool).await,
        }
    });
    match applied.await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(StoreError::new(
            fault::of_migration(&error),
            ATTEMPT,
            error.to_string(),
        )),
        Err(_) => {
            let cause = format!("not done within {} s", limits::MIGRATE.as_secs());
            Err(StoreError::new(Trouble::Unreachable, ATTEMPT, cause))
        }
    }
}

async fn mysql(pool: &MySqlPool) -> Result<(), MigrateError> {
    // Not handed back to the pool, whose connections must hold no lock: closing it lets go of this one in any case.
    let mut connection = pool.acquire().await?.detach();
    connection.lock().await?;
    forget_what_was_begun(&mut connection).await?;
    migrator(MYSQL)
        .run_direct(None, &mut connection, false)
        .await?;
    connection.close().await?;
    Ok(())
}

/// A version that somebody began and did not end would stop sqlx for good, and ours may simply run again.
async fn forget_what_was_begun(connection: &mut MySqlConnection) -> Result<(), MigrateError> {
    connection
        .ensure_migrations_table(&Migrator::DEFAULT.table_name)
        .await?;
    sqlx::query("DELETE FROM _sqlx_migrations WHERE success = FALSE")
        .execute(connection)
        .await?;
    Ok(())
}

/// SQLite takes DDL back, so one transaction holds all of it and is the lock at the same time.
async fn sqlite(pool: &SqlitePool) -> Result<(), MigrateError> {
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
    migrator(SQLITE)
        .run_direct(None, &mut *transaction, false)
        .await?;
    transaction.commit().await?;
    Ok(())
}

fn migrator(versions: Versions) -> Migrator {
    let migrations = versions.iter().map(|&(version, name, sql)| {
        Migration::new(
            version,
            name.into(),
            MigrationType::Simple,
            sql.into_sql_str(),
            false,
        )
    });
    let mut migrator = Migrator::with_migrations(migrations.collect());
    migrator.set_ignore_missing(true);
    migrator
}
