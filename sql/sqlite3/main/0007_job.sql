-- Long work on tenants that superusers ask for by the API, and how far it is.
--
-- slot: which of the installation's few places for running jobs has it; whose lock is free has died.
-- takes: counts how often it was begun: only who knows the number may change the row from then on.
-- attempts: the same, without those times when it was given back. due_at: when it may begin, or begin again.
-- made_id: the tenant that it makes, known right before that is there. file: below CrmJobFiles.

CREATE TABLE job (
    id BLOB NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    tenant_id BLOB NOT NULL,
    tenant_name TEXT NOT NULL,
    arguments TEXT NOT NULL,
    state TEXT NOT NULL,
    progress INTEGER NOT NULL,
    result TEXT,
    error TEXT,
    error_status INTEGER,
    requested_by TEXT NOT NULL,
    request_id TEXT NOT NULL,
    created_at TEXT NOT NULL,
    started_at TEXT,
    finished_at TEXT,
    slot INTEGER,
    takes INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    due_at TEXT NOT NULL,
    made_id BLOB,
    file TEXT
);

CREATE INDEX job_state ON job (state);

CREATE INDEX job_tenant_id ON job (tenant_id);

CREATE INDEX job_created_at ON job (created_at);
