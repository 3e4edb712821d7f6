-- As in MySQL; the CHECKs refuse what its types refuse.
CREATE TABLE IF NOT EXISTS sink_offset (
    sink        TEXT    NOT NULL CHECK (length(sink) <= 255),
    topic       TEXT    NOT NULL CHECK (length(topic) <= 249),
    topic_id    TEXT    NOT NULL CHECK (length(topic_id) <= 64),
    part        INTEGER NOT NULL,
    next_offset INTEGER,
    epoch       INTEGER NOT NULL,
    owner       TEXT    NOT NULL CHECK (length(owner) <= 255),
    cluster_id  TEXT    NOT NULL CHECK (length(cluster_id) <= 255),
    updated_at  INTEGER NOT NULL,
    PRIMARY KEY (sink, topic, topic_id, part)
) STRICT, WITHOUT ROWID
