-- What accounts may do with records: permissions, which they hold themselves or through groups. The
-- rows of permission are made from the descriptions of the records (service/permission.h).

CREATE TABLE permission (
    id BIGINT NOT NULL AUTO_INCREMENT,
    app_label VARCHAR(100) NOT NULL,
    codename VARCHAR(100) NOT NULL,
    model VARCHAR(100) NOT NULL,
    name VARCHAR(255) NOT NULL,
    PRIMARY KEY (id),
    UNIQUE KEY codename (app_label, codename)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- preset: which of the first two groups it is ('users', 'read_only'), whatever its name is now; else
-- ''. New accounts get the one group that is_default.
CREATE TABLE user_group (
    id BIGINT NOT NULL AUTO_INCREMENT,
    name VARCHAR(150) NOT NULL,
    name_key VARCHAR(600) NOT NULL,
    preset VARCHAR(16) NOT NULL,
    is_default BOOLEAN NOT NULL,
    version INT NOT NULL DEFAULT 1,
    created_at DATETIME(6) NOT NULL,
    updated_at DATETIME(6) NOT NULL,
    PRIMARY KEY (id),
    UNIQUE KEY name_key (name_key)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE group_permission (
    group_id BIGINT NOT NULL,
    permission_id BIGINT NOT NULL,
    PRIMARY KEY (group_id, permission_id),
    KEY permission_id (permission_id),
    FOREIGN KEY (group_id) REFERENCES user_group (id) ON DELETE CASCADE,
    FOREIGN KEY (permission_id) REFERENCES permission (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE account_group (
    account_id BIGINT NOT NULL,
    group_id BIGINT NOT NULL,
    PRIMARY KEY (account_id, group_id),
    KEY group_id (group_id),
    FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE CASCADE,
    FOREIGN KEY (group_id) REFERENCES user_group (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE account_permission (
    account_id BIGINT NOT NULL,
    permission_id BIGINT NOT NULL,
    PRIMARY KEY (account_id, permission_id),
    KEY permission_id (permission_id),
    FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE CASCADE,
    FOREIGN KEY (permission_id) REFERENCES permission (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

INSERT INTO user_group (name, name_key, preset, is_default, created_at, updated_at) VALUES
    ('Users', 'users', 'users', 1, UTC_TIMESTAMP(6), UTC_TIMESTAMP(6)),
    ('Read only', 'read only', 'read_only', 0, UTC_TIMESTAMP(6), UTC_TIMESTAMP(6));

-- Accounts that were there before there were groups.
INSERT INTO account_group (account_id, group_id)
    SELECT a.id, g.id FROM account a CROSS JOIN user_group g
    WHERE a.is_tenant_admin = 0 AND g.is_default = 1;
