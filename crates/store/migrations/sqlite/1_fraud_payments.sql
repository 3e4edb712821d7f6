-- As in MySQL; the CHECKs refuse what its types refuse.
CREATE TABLE IF NOT EXISTS fraud_payments (
    source_topic_id   TEXT    NOT NULL CHECK (length(source_topic_id) <= 64),
    source_topic      TEXT    NOT NULL CHECK (length(source_topic) <= 249),
    source_partition  INTEGER NOT NULL,
    source_offset     INTEGER NOT NULL,
    id                TEXT    CHECK (length(id) <= 255),
    account           TEXT    CHECK (length(account) <= 255),
    payment_type      TEXT    NOT NULL CHECK (length(payment_type) <= 255),
    amount_hundredths INTEGER NOT NULL,
    currency          TEXT    CHECK (length(currency) <= 255),
    country           TEXT    CHECK (length(country) <= 255),
    who               TEXT    NOT NULL CHECK (length(who) <= 255),
    business_date     TEXT    NOT NULL CHECK (business_date IS date(business_date)),
    business_time     TEXT    NOT NULL CHECK (business_time IS time(business_time)),
    event_time        INTEGER NOT NULL,
    rules             TEXT    CHECK (length(rules) <= 65535),
    state             TEXT    NOT NULL CHECK (length(state) <= 16),
    decided_at        INTEGER,
    stored_at         INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER)),
    payload           BLOB    NOT NULL,
    PRIMARY KEY (source_topic_id, source_topic, source_partition, source_offset)
) STRICT, WITHOUT ROWID
