//! Where the two databases speak differently.

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    MySql,
    Sqlite,
}

impl Dialect {
    /// The statement of this dialect.
    pub(crate) const fn pick(self, mysql: &'static str, sqlite: &'static str) -> &'static str {
        match self {
            Self::MySql => mysql,
            Self::Sqlite => sqlite,
        }
    }

    /// Opens a transaction that will write. SQLite takes its one write lock here and waits for it; taken later,
    /// it would be refused at once when somebody else wrote in between.
    pub(crate) const fn begin(self) -> &'static str {
        self.pick("BEGIN", "BEGIN IMMEDIATE")
    }

    /// Equality that holds for two NULLs.
    pub(crate) const fn same(self) -> &'static str {
        self.pick("<=>", "IS")
    }

    /// Locks the rows read until the transaction ends. SQLite has locked the whole database by then.
    pub(crate) const fn for_update(self) -> &'static str {
        self.pick(" FOR UPDATE", "")
    }

    /// As [`Dialect::for_update`], passing over rows that somebody else holds.
    pub(crate) const fn for_update_skip_locked(self) -> &'static str {
        self.pick(" FOR UPDATE SKIP LOCKED", "")
    }

    /// The database's clock, milliseconds since 1970 UTC.
    pub(crate) const fn now(self) -> &'static str {
        self.pick(
            "CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)",
            "CAST(unixepoch('subsec') * 1000 AS INTEGER)",
        )
    }

    /// Is one of so many primary keys. Both databases look each of them up, where a chain of ORs would be as deep as it is
    /// long, which SQLite limits.
    pub(crate) fn one_of(self, keys: usize) -> String {
        let rows = vec!["(?, ?, ?, ?)"; keys].join(", ");
        let list = self.pick("", "VALUES ");
        format!(
            "(source_topic_id, source_topic, source_partition, source_offset) IN ({list}{rows})"
        )
    }
}
