-- Tenants, platform accounts with their tokens, and how a login or an old token finds its tenant.

-- state: creating until the database of the tenant is complete, changing while the copy of this row in
-- that database may differ, else ready.
CREATE TABLE tenant (
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE,
    slug TEXT NOT NULL UNIQUE,
    database_name TEXT NOT NULL UNIQUE,
    database_name_key TEXT NOT NULL,
    token_key BLOB NOT NULL UNIQUE,
    state TEXT NOT NULL,
    is_active INTEGER NOT NULL,
    version INTEGER NOT NULL DEFAULT 1,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);

CREATE INDEX tenant_state ON tenant (state);

CREATE INDEX tenant_created_at ON tenant (created_at);

CREATE TABLE account (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    username TEXT NOT NULL,
    username_key TEXT NOT NULL UNIQUE,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL UNIQUE,
    first_name TEXT NOT NULL,
    first_name_key TEXT NOT NULL,
    last_name TEXT NOT NULL,
    last_name_key TEXT NOT NULL,
    password TEXT NOT NULL,
    is_tenant_admin INTEGER NOT NULL,
    is_superuser INTEGER NOT NULL,
    is_active INTEGER NOT NULL,
    date_joined TEXT NOT NULL,
    last_login TEXT,
    version INTEGER NOT NULL DEFAULT 1,
    updated_at TEXT NOT NULL
);

CREATE INDEX account_admins ON account (is_tenant_admin, is_active);

-- Only the hash of a token is stored.
CREATE TABLE token (
    token_hash BLOB NOT NULL PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    last_used_at TEXT NOT NULL
);

CREATE INDEX token_account_id ON token (account_id);

-- Keyed hashes of folded user names and e-mail addresses (tenant_id zeros: account above).
CREATE TABLE login (
    login_hash BLOB NOT NULL,
    tenant_id BLOB NOT NULL,
    PRIMARY KEY (login_hash, tenant_id)
);

CREATE INDEX login_tenant_id ON login (tenant_id);

-- Failed logins of an account, an unknown login or an address, each as a keyed hash.
CREATE TABLE login_attempt (
    attempt_key BLOB NOT NULL PRIMARY KEY,
    failures INTEGER NOT NULL,
    confirmed INTEGER NOT NULL,
    window_start TEXT NOT NULL
);

CREATE INDEX login_attempt_window_start ON login_attempt (window_start);

-- Tokens of the product before, which name no database themselves.
CREATE TABLE legacy_token (
    token_hash BLOB NOT NULL PRIMARY KEY,
    tenant_id BLOB NOT NULL
);
