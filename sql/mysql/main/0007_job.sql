-- Long work on tenants that superusers ask for by the API, and how far it is.
--
-- slot: which of the installation's few places for running jobs has it; whose lock is free has died.
-- takes: counts how often it was begun: only who knows the number may change the row from then on.
-- attempts: the same, without those times when it was given back. due_at: when it may begin, or begin again.
-- made_id: the tenant that it makes, known right before that is there. file: below CrmJobFiles.

CREATE TABLE job (
    id BINARY(16) NOT NULL,
    kind VARCHAR(16) NOT NULL,
    tenant_id BINARY(16) NOT NULL,
    tenant_name VARCHAR(100) NOT NULL,
    arguments TEXT NOT NULL,
    state VARCHAR(16) NOT NULL,
    progress INT NOT NULL,
    result TEXT NULL,
    error TEXT NULL,
    error_status INT NULL,
    requested_by VARCHAR(150) NOT NULL,
    request_id VARCHAR(128) NOT NULL,
    created_at DATETIME(6) NOT NULL,
    started_at DATETIME(6) NULL,
    finished_at DATETIME(6) NULL,
    slot INT NULL,
    takes INT NOT NULL,
    attempts INT NOT NULL,
    due_at DATETIME(6) NOT NULL,
    made_id BINARY(16) NULL,
    file VARCHAR(128) NULL,
    PRIMARY KEY (id),
    KEY state (state),
    KEY tenant_id (tenant_id),
    KEY created_at (created_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
