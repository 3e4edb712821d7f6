//! From what sqlx reports to what is wrong.

use std::io;

use sqlx::Error;
use sqlx::migrate::MigrateError;
use sqlx::mysql::MySqlDatabaseError;

use crate::Trouble;

/// What a failed call means.
pub(crate) fn trouble(error: &Error) -> Trouble {
    match error {
        Error::Database(error) => match error.try_downcast_ref::<MySqlDatabaseError>() {
            Some(error) => of_mysql(error.number()),
            None => of_sqlite(
                error
                    .code()
                    .and_then(|code| code.parse().ok())
                    .unwrap_or_default(),
            ),
        },
        // rustls refuses a certificate with this kind; a socket never does.
        Error::Io(error) if error.kind() == io::ErrorKind::InvalidData => Trouble::Untrusted,
        Error::Tls(_) => Trouble::Untrusted,
        // The only configuration that is left to the handshake: sqlx without its `rsa` feature.
        Error::Configuration(error) if error.to_string().contains("RSA") => Trouble::NeedsTls,
        // An answer that is no answer: half a packet before the end, or a proxy that speaks for a server it lost.
        Error::Io(_) | Error::Protocol(_) | Error::BeginFailed | Error::WorkerCrashed => {
            Trouble::Unreachable
        }
        Error::PoolTimedOut | Error::PoolClosed => Trouble::Unreachable,
        Error::Encode(_) => Trouble::BadRow,
        Error::RowNotFound
        | Error::TypeNotFound { .. }
        | Error::ColumnIndexOutOfBounds { .. }
        | Error::ColumnNotFound(_)
        | Error::ColumnDecode { .. }
        | Error::Decode(_) => Trouble::Schema,
        Error::Migrate(error) => of_migration(error),
        // sqlx keeps the right to add more.
        _ => Trouble::Unexpected,
    }
}

/// What a failed migration means.
pub(crate) fn of_migration(error: &MigrateError) -> Trouble {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => trouble(error),
        _ => Trouble::Schema,
    }
}

/// By the server's error numbers: <https://dev.mysql.com/doc/mysql-errors/9.7/en/server-error-reference.html>.
fn of_mysql(number: u16) -> Trouble {
    match number {
        // ER_DUP_KEY, ER_DUP_ENTRY, ER_DUP_UNIQUE, ER_DUP_ENTRY_WITH_KEY_NAME
        1022 | 1062 | 1169 | 1586 => Trouble::Duplicate,
        // too many connections, out of memory, lock wait, lock table full, deadlock, per-user limits, too many prepared
        // statements (1461), too many transactions at once (1637), rolled back by group replication, NOWAIT
        1037 | 1038 | 1040 | 1041 | 1203 | 1205 | 1206 | 1213 | 1226 | 1412 | 1461 | 1615
        | 1637 | 3101 | 3572 => Trouble::Busy,
        // shutdown, packets lost, killed, host blocked for its errors, unfinished COMMIT, statement timeout,
        // server starting (3032, 3168), session killed (3169), node not in its cluster yet (1047), closed for idling
        1047
        | 1053
        | 1079
        | 1080
        | 1129
        | 1152
        | 1156..=1161
        | 1180
        | 1184
        | 1189
        | 1190
        | 1317
        | 3024
        | 3032
        | 3168
        | 3169
        | 4031 => Trouble::Unreachable,
        // file and disk errors, table full, binlog cache full (1197), temporary file (1878), read-only server, transaction
        // or engine
        1021 | 1026 | 1030 | 1114 | 1197 | 1290 | 1792 | 1836 | 1878 | 3100 => Trouble::Unwritable,
        // NULL, character set, out of range, cut, wrong value (1366, 1292, 1411), too long, row size, CHECK, conversion
        1048 | 1118 | 1264 | 1265 | 1292 | 1300 | 1366 | 1406 | 1411 | 1690 | 3819 | 3988 => {
            Trouble::BadRow
        }
        // database, user and password, table and column rights, host, plugin, expired, locked, TLS demanded
        1044 | 1045 | 1130 | 1131 | 1142 | 1143 | 1227 | 1251 | 1370 | 1524 | 1698 | 1820
        | 1862 | 3118 | 3159 | 3955 => Trouble::Denied,
        1049 => Trouble::NoDatabase,
        // ER_NET_PACKET_TOO_LARGE
        1153 => Trouble::TooLarge,
        // column or table unknown, parse, column count, no default, definition changed
        1050 | 1051 | 1054 | 1060 | 1061 | 1064 | 1072 | 1136 | 1146 | 1364 => Trouble::Schema,
        _ => Trouble::Unexpected,
    }
}

/// By SQLite's extended result codes: <https://www.sqlite.org/rescode.html>.
fn of_sqlite(code: i32) -> Trouble {
    match (code, code & 0xff) {
        // SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE
        (1555 | 2067, _) => Trouble::Duplicate,
        // BUSY, LOCKED, PROTOCOL (a race for the WAL), SCHEMA (changed meanwhile)
        (_, 5 | 6 | 15 | 17) => Trouble::Busy,
        // NOMEM, INTERRUPT
        (_, 7 | 9) => Trouble::Unreachable,
        // READONLY, IOERR, FULL
        (_, 8 | 10 | 13) => Trouble::Unwritable,
        // TOOBIG, CONSTRAINT, MISMATCH
        (_, 18..=20) => Trouble::BadRow,
        // PERM, AUTH
        (_, 3 | 23) => Trouble::Denied,
        // CANTOPEN
        (_, 14) => Trouble::NoDatabase,
        // ERROR, CORRUPT, NOTADB
        (_, 1 | 11 | 26) => Trouble::Schema,
        _ => Trouble::Unexpected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Fate;

    #[test]
    fn mysql_numbers_have_their_fates() {
        fn check(number: u16, expected: Fate) {
            assert_eq!(of_mysql(number).fate(), expected, "{number}");
        }
        check(1213, Fate::Again);
        check(1205, Fate::Again);
        check(1412, Fate::Again); // the definition changed: another replica migrates
        check(1461, Fate::Again); // too many prepared statements
        check(1615, Fate::Again); // to be prepared again
        check(3169, Fate::Again); // somebody killed the session
        check(1197, Fate::Again); // the binlog's cache is full
        check(1053, Fate::Again);
        check(1290, Fate::Again);
        check(4031, Fate::Again);
        check(1406, Fate::Row);
        check(1366, Fate::Row);
        check(1153, Fate::Row); // a packet too large: only its partition halts
        check(1045, Fate::Stop);
        check(1049, Fate::Stop);
        check(1146, Fate::Stop);
        check(60_000, Fate::Stop);
    }

    #[test]
    fn sqlite_codes_have_their_fates() {
        fn check(code: i32, expected: Fate) {
            assert_eq!(of_sqlite(code).fate(), expected, "{code}");
        }
        check(5, Fate::Again);
        check(517, Fate::Again);
        check(13, Fate::Again);
        check(275, Fate::Row);
        check(3091, Fate::Row);
        check(14, Fate::Stop);
        check(1, Fate::Stop);
        check(0, Fate::Stop);
    }

    #[test]
    fn a_lost_connection_is_worth_another_try_and_a_strange_certificate_is_not() {
        let lost = Error::Io(io::ErrorKind::ConnectionReset.into());
        assert_eq!(trouble(&lost).fate(), Fate::Again);
        let strange = Error::Io(io::Error::new(
            io::ErrorKind::InvalidData,
            "invalid peer certificate: UnknownIssuer",
        ));
        assert_eq!(trouble(&strange), Trouble::Untrusted);
    }
}
