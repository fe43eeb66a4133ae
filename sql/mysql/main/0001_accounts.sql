-- Tenants, platform accounts with their tokens, and how a login or an old token finds its tenant.

-- state: creating until the database of the tenant is complete, changing while the copy of this row in
-- that database may differ, else ready.
CREATE TABLE tenant (
    id BINARY(16) NOT NULL,
    name VARCHAR(100) NOT NULL,
    name_key VARCHAR(600) NOT NULL,
    slug VARCHAR(64) NOT NULL,
    database_name VARCHAR(80) NOT NULL,
    database_name_key VARCHAR(80) NOT NULL,
    token_key BINARY(8) NOT NULL,
    state VARCHAR(16) NOT NULL,
    is_active BOOLEAN NOT NULL,
    version INT NOT NULL DEFAULT 1,
    created_at DATETIME(6) NOT NULL,
    updated_at DATETIME(6) NOT NULL,
    PRIMARY KEY (id),
    UNIQUE KEY name_key (name_key),
    UNIQUE KEY slug (slug),
    UNIQUE KEY database_name (database_name),
    UNIQUE KEY token_key (token_key),
    KEY state (state),
    KEY created_at (created_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE account (
    id BIGINT NOT NULL AUTO_INCREMENT,
    username VARCHAR(150) NOT NULL,
    username_key VARCHAR(600) NOT NULL,
    email VARCHAR(254) NOT NULL,
    email_key VARCHAR(600) NOT NULL,
    first_name VARCHAR(150) NOT NULL,
    first_name_key VARCHAR(600) NOT NULL,
    last_name VARCHAR(150) NOT NULL,
    last_name_key VARCHAR(600) NOT NULL,
    password VARCHAR(255) NOT NULL,
    is_tenant_admin BOOLEAN NOT NULL,
    is_superuser BOOLEAN NOT NULL,
    is_active BOOLEAN NOT NULL,
    date_joined DATETIME(6) NOT NULL,
    last_login DATETIME(6) NULL,
    version INT NOT NULL DEFAULT 1,
    updated_at DATETIME(6) NOT NULL,
    PRIMARY KEY (id),
    UNIQUE KEY username_key (username_key),
    UNIQUE KEY email_key (email_key),
    KEY admins (is_tenant_admin, is_active)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Only the hash of a token is stored.
CREATE TABLE token (
    token_hash BINARY(32) NOT NULL,
    account_id BIGINT NOT NULL,
    created_at DATETIME(6) NOT NULL,
    expires_at DATETIME(6) NOT NULL,
    last_used_at DATETIME(6) NOT NULL,
    PRIMARY KEY (token_hash),
    KEY account_id (account_id),
    FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Keyed hashes of folded user names and e-mail addresses (tenant_id zeros: account above).
CREATE TABLE login (
    login_hash BINARY(32) NOT NULL,
    tenant_id BINARY(16) NOT NULL,
    PRIMARY KEY (login_hash, tenant_id),
    KEY tenant_id (tenant_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Failed logins of an account, an unknown login or an address, each as a keyed hash.
CREATE TABLE login_attempt (
    attempt_key BINARY(32) NOT NULL,
    failures INT NOT NULL,
    confirmed INT NOT NULL,
    window_start DATETIME(6) NOT NULL,
    PRIMARY KEY (attempt_key),
    KEY window_start (window_start)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Tokens of the product before, which name no database themselves.
CREATE TABLE legacy_token (
    token_hash BINARY(32) NOT NULL,
    tenant_id BINARY(16) NOT NULL,
    PRIMARY KEY (token_hash)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
