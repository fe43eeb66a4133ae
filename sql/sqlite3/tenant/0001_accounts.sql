-- Accounts and tokens of a tenant, and a copy of its row in the main database.

CREATE TABLE tenant (
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    slug TEXT NOT NULL,
    database_name TEXT NOT NULL,
    token_key BLOB NOT NULL,
    is_active INTEGER NOT NULL,
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);

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
