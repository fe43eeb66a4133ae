-- Accounts and tokens of a tenant, and a copy of its row in the main database.

CREATE TABLE tenant (
    id BINARY(16) NOT NULL,
    name VARCHAR(100) NOT NULL,
    slug VARCHAR(64) NOT NULL,
    database_name VARCHAR(80) NOT NULL,
    token_key BINARY(8) NOT NULL,
    is_active BOOLEAN NOT NULL,
    version INT NOT NULL,
    created_at DATETIME(6) NOT NULL,
    updated_at DATETIME(6) NOT NULL,
    PRIMARY KEY (id)
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
