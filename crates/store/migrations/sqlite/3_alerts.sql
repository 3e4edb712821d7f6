-- As in MySQL; the CHECKs refuse what its types refuse.
CREATE TABLE IF NOT EXISTS alerts (
    source_topic_id  TEXT    NOT NULL CHECK (length(source_topic_id) <= 64),
    source_topic     TEXT    NOT NULL CHECK (length(source_topic) <= 249),
    source_partition INTEGER NOT NULL,
    source_offset    INTEGER NOT NULL,
    id               TEXT    NOT NULL CHECK (length(id) <= 300),
    body             TEXT    NOT NULL,
    state            TEXT    NOT NULL CHECK (length(state) <= 16),
    attempts         INTEGER NOT NULL DEFAULT 0,
    lease_owner      TEXT    CHECK (length(lease_owner) <= 255),
    lease_until      INTEGER,
    next_attempt_at  INTEGER NOT NULL,
    last_error       TEXT,
    created_at       INTEGER NOT NULL,
    delivered_at     INTEGER,
    PRIMARY KEY (source_topic_id, source_topic, source_partition, source_offset)
) STRICT, WITHOUT ROWID
