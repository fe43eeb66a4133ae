-- Answers kept by clients' keys (Idempotency-Key) for a day: status is NULL until there is one.

CREATE TABLE idempotency_key (
    key_hash BLOB NOT NULL,
    body_hash BLOB NOT NULL,
    status INTEGER NULL,
    response TEXT NULL,
    version INTEGER NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (key_hash)
);
CREATE INDEX idempotency_key_created_at ON idempotency_key (created_at);
