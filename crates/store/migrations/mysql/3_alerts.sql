-- The outbox. A row is leased by writing an owner and a time into it, so no lock is held while it is delivered.
-- The index serves those who look for the next one due.
CREATE TABLE IF NOT EXISTS alerts (
    source_topic_id  VARCHAR(64)  NOT NULL,
    source_topic     VARCHAR(249) NOT NULL,
    source_partition INT          NOT NULL,
    source_offset    BIGINT       NOT NULL,
    id               VARCHAR(300) NOT NULL,
    body             MEDIUMTEXT   NOT NULL,
    state            VARCHAR(16)  NOT NULL,
    attempts         BIGINT       NOT NULL DEFAULT 0,
    lease_owner      VARCHAR(255),
    lease_until      BIGINT,
    next_attempt_at  BIGINT       NOT NULL,
    last_error       TEXT,
    created_at       BIGINT       NOT NULL,
    delivered_at     BIGINT,
    PRIMARY KEY (source_topic_id, source_topic, source_partition, source_offset),
    INDEX alerts_due (state, next_attempt_at)
) ENGINE = InnoDB, CHARACTER SET utf8mb4, COLLATE utf8mb4_0900_bin
