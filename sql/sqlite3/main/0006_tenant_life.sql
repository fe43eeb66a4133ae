-- What becomes of tenants: deleted, to be purged when their grace is over; renamed, still found by their
-- old names for as long; moved to another database server.
--
-- server: the name of the CrmDatabaseServer that has the tenant's database, '' where CrmTenantDatabase is.
-- move_state: copying to move_server, switching to it, undoing that, or leaving it; NULL at rest.

ALTER TABLE tenant ADD COLUMN deleted_at TEXT;

ALTER TABLE tenant ADD COLUMN server TEXT NOT NULL DEFAULT '';

ALTER TABLE tenant ADD COLUMN move_state TEXT;

ALTER TABLE tenant ADD COLUMN move_server TEXT;

CREATE INDEX tenant_deleted_at ON tenant (deleted_at);

CREATE INDEX tenant_move_state ON tenant (move_state);

CREATE TABLE tenant_alias (
    name_key TEXT NOT NULL PRIMARY KEY,
    tenant_id BLOB NOT NULL,
    expires_at TEXT NOT NULL
);

CREATE INDEX tenant_alias_tenant_id ON tenant_alias (tenant_id);

CREATE INDEX tenant_alias_expires_at ON tenant_alias (expires_at);
