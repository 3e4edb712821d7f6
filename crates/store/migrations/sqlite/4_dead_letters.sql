-- As in MySQL; the CHECKs refuse what its types refuse.
CREATE TABLE IF NOT EXISTS dead_letters (
    source_topic_id  TEXT    NOT NULL CHECK (length(source_topic_id) <= 64),
    source_topic     TEXT    NOT NULL CHECK (length(source_topic) <= 249),
    source_partition INTEGER NOT NULL,
    source_offset    INTEGER NOT NULL,
    record_topic     TEXT    NOT NULL CHECK (length(record_topic) <= 249),
    record_partition INTEGER NOT NULL,
    record_offset    INTEGER NOT NULL,
    reason           TEXT    NOT NULL CHECK (length(reason) <= 64),
    error            TEXT    NOT NULL,
    record_key       BLOB,
    payload          BLOB,
    stored_at        INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER)),
    PRIMARY KEY (source_topic_id, source_topic, source_partition, source_offset)
) STRICT, WITHOUT ROWID
