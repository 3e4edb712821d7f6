-- Records of the outputs that could not be read or stored. The key is the source where the record names one, else the
-- record's own place, which stands in the columns record_*.
CREATE TABLE IF NOT EXISTS dead_letters (
    source_topic_id  VARCHAR(64)  NOT NULL,
    source_topic     VARCHAR(249) NOT NULL,
    source_partition INT          NOT NULL,
    source_offset    BIGINT       NOT NULL,
    record_topic     VARCHAR(249) NOT NULL,
    record_partition INT          NOT NULL,
    record_offset    BIGINT       NOT NULL,
    reason           VARCHAR(64)  NOT NULL,
    error            TEXT         NOT NULL,
    record_key       LONGBLOB,
    payload          LONGBLOB,
    stored_at        BIGINT       NOT NULL DEFAULT (CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)),
    PRIMARY KEY (source_topic_id, source_topic, source_partition, source_offset)
) ENGINE = InnoDB, CHARACTER SET utf8mb4, COLLATE utf8mb4_0900_bin
