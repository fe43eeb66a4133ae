-- Mails of all tenants and of the platform, and the one-time codes that some of them carry.

-- The language of mails to an account ("de"); NULL: not chosen.
ALTER TABLE account ADD COLUMN language TEXT;

-- sealed is encrypted with the installation's key and goes when the mail is done with. state: queued;
-- claimed by a sender until next_attempt_at; sending from the final dot on; then sent, uncertain (no
-- answer came, or the sender died), refused, expired or superseded, and next_attempt_at is NULL.
-- tenant_id zeros: the platform's. topic_key: of mails with the same, the newest counts.
CREATE TABLE outbox (
    id BLOB NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    tenant_id BLOB NOT NULL,
    topic_key BLOB,
    language TEXT,
    sealed TEXT,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    next_attempt_at TEXT,
    expires_at TEXT NOT NULL,
    created_at TEXT NOT NULL,
    sent_at TEXT,
    last_error TEXT
);

CREATE INDEX outbox_next_attempt_at ON outbox (next_attempt_at);

CREATE INDEX outbox_topic_key ON outbox (topic_key);

CREATE INDEX outbox_created_at ON outbox (created_at);

-- account_key and code_hash are keyed hashes.
CREATE TABLE otp (
    account_key BLOB NOT NULL PRIMARY KEY,
    code_hash BLOB NOT NULL,
    tries INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL
);

CREATE INDEX otp_expires_at ON otp (expires_at);
