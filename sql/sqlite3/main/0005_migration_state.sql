-- How bringing each tenant's database to the newest schema version went. state: running (since
-- started_at, by the process that runner names), done, failed (error says why). fingerprint: of the
-- migrations and permissions that it was brought to.
CREATE TABLE migration_state (
    tenant_id BLOB NOT NULL PRIMARY KEY REFERENCES tenant (id) ON DELETE CASCADE,
    state TEXT NOT NULL,
    version INTEGER NOT NULL,
    fingerprint TEXT,
    runner TEXT,
    error TEXT,
    started_at TEXT NOT NULL,
    finished_at TEXT
);
