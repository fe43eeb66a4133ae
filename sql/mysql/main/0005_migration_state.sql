-- How bringing each tenant's database to the newest schema version went. state: running (since
-- started_at, by the process that runner names), done, failed (error says why). fingerprint: of the
-- migrations and permissions that it was brought to.
CREATE TABLE migration_state (
    tenant_id BINARY(16) NOT NULL,
    state VARCHAR(16) NOT NULL,
    version INT NOT NULL,
    fingerprint VARCHAR(64) NULL,
    runner VARCHAR(100) NULL,
    error MEDIUMTEXT NULL,
    started_at DATETIME(6) NOT NULL,
    finished_at DATETIME(6) NULL,
    PRIMARY KEY (tenant_id),
    FOREIGN KEY (tenant_id) REFERENCES tenant (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
