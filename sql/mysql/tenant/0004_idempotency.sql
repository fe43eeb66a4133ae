-- Answers kept by clients' keys (Idempotency-Key) for a day: status is NULL until there is one.

CREATE TABLE idempotency_key (
    key_hash BINARY(32) NOT NULL,
    body_hash BINARY(32) NOT NULL,
    status SMALLINT NULL,
    response MEDIUMTEXT NULL,
    version BIGINT NULL,
    created_at DATETIME(6) NOT NULL,
    PRIMARY KEY (key_hash),
    KEY created_at (created_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
