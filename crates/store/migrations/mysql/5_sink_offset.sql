-- How far each sink has stored each log. The position moves in the transaction that stores the rows, and only for the
-- owner of the epoch. The topic's id is part of the key: a topic made anew under an old name is another log.
CREATE TABLE IF NOT EXISTS sink_offset (
    sink        VARCHAR(255) NOT NULL,
    topic       VARCHAR(249) NOT NULL,
    topic_id    VARCHAR(64)  NOT NULL,
    part        INT          NOT NULL,
    next_offset BIGINT,
    epoch       BIGINT       NOT NULL,
    owner       VARCHAR(255) NOT NULL,
    cluster_id  VARCHAR(255) NOT NULL,
    updated_at  BIGINT       NOT NULL,
    PRIMARY KEY (sink, topic, topic_id, part)
) ENGINE = InnoDB, CHARACTER SET utf8mb4, COLLATE utf8mb4_0900_bin
