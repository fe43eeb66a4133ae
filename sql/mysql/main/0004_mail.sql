-- Mails of all tenants and of the platform, and the one-time codes that some of them carry.

-- The language of mails to an account ("de"); NULL: not chosen.
ALTER TABLE account ADD COLUMN language VARCHAR(8) NULL;

-- sealed is encrypted with the installation's key and goes when the mail is done with. state: queued;
-- claimed by a sender until next_attempt_at; sending from the final dot on; then sent, uncertain (no
-- answer came, or the sender died), refused, expired or superseded, and next_attempt_at is NULL.
-- tenant_id zeros: the platform's. topic_key: of mails with the same, the newest counts.
CREATE TABLE outbox (
    id BINARY(16) NOT NULL,
    kind VARCHAR(32) NOT NULL,
    tenant_id BINARY(16) NOT NULL,
    topic_key BINARY(32) NULL,
    language VARCHAR(8) NULL,
    sealed TEXT NULL,
    state VARCHAR(16) NOT NULL,
    attempts INT NOT NULL,
    next_attempt_at DATETIME(6) NULL,
    expires_at DATETIME(6) NOT NULL,
    created_at DATETIME(6) NOT NULL,
    sent_at DATETIME(6) NULL,
    last_error VARCHAR(255) NULL,
    PRIMARY KEY (id),
    KEY next_attempt_at (next_attempt_at),
    KEY topic_key (topic_key),
    KEY created_at (created_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- account_key and code_hash are keyed hashes.
CREATE TABLE otp (
    account_key BINARY(32) NOT NULL,
    code_hash BINARY(32) NOT NULL,
    tries INT NOT NULL,
    created_at DATETIME(6) NOT NULL,
    expires_at DATETIME(6) NOT NULL,
    PRIMARY KEY (account_key),
    KEY expires_at (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
