-- What becomes of tenants: deleted, to be purged when their grace is over; renamed, still found by their
-- old names for as long; moved to another database server.
--
-- server: the name of the CrmDatabaseServer that has the tenant's database, '' where CrmTenantDatabase is.
-- move_state: copying to move_server, switching to it, undoing that, or leaving it; NULL at rest.

ALTER TABLE tenant
    ADD COLUMN deleted_at DATETIME(6) NULL,
    ADD COLUMN server VARCHAR(64) NOT NULL DEFAULT '',
    ADD COLUMN move_state VARCHAR(16) NULL,
    ADD COLUMN move_server VARCHAR(64) NULL,
    ADD KEY deleted_at (deleted_at),
    ADD KEY move_state (move_state);

CREATE TABLE tenant_alias (
    name_key VARCHAR(600) NOT NULL,
    tenant_id BINARY(16) NOT NULL,
    expires_at DATETIME(6) NOT NULL,
    PRIMARY KEY (name_key),
    KEY tenant_id (tenant_id),
    KEY expires_at (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
