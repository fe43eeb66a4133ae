-- What accounts may do with records: permissions, which they hold themselves or through groups. The
-- rows of permission are made from the descriptions of the records (service/permission.h).

CREATE TABLE permission (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    app_label TEXT NOT NULL,
    codename TEXT NOT NULL,
    model TEXT NOT NULL,
    name TEXT NOT NULL,
    UNIQUE (app_label, codename)
);

-- preset: which of the first two groups it is ('users', 'read_only'), whatever its name is now; else
-- ''. New accounts get the one group that is_default.
CREATE TABLE user_group (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE,
    preset TEXT NOT NULL,
    is_default INTEGER NOT NULL,
    version INTEGER NOT NULL DEFAULT 1,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);

CREATE TABLE group_permission (
    group_id INTEGER NOT NULL REFERENCES user_group (id) ON DELETE CASCADE,
    permission_id INTEGER NOT NULL REFERENCES permission (id) ON DELETE CASCADE,
    PRIMARY KEY (group_id, permission_id)
) WITHOUT ROWID;

CREATE INDEX group_permission_permission_id ON group_permission (permission_id);

CREATE TABLE account_group (
    account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    group_id INTEGER NOT NULL REFERENCES user_group (id) ON DELETE CASCADE,
    PRIMARY KEY (account_id, group_id)
) WITHOUT ROWID;

CREATE INDEX account_group_group_id ON account_group (group_id);

CREATE TABLE account_permission (
    account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    permission_id INTEGER NOT NULL REFERENCES permission (id) ON DELETE CASCADE,
    PRIMARY KEY (account_id, permission_id)
) WITHOUT ROWID;

CREATE INDEX account_permission_permission_id ON account_permission (permission_id);

INSERT INTO user_group (name, name_key, preset, is_default, created_at, updated_at) VALUES
    ('Users', 'users', 'users', 1, STRFTIME('%Y-%m-%d %H:%M:%f000', 'now'), STRFTIME('%Y-%m-%d %H:%M:%f000', 'now')),
    ('Read only', 'read only', 'read_only', 0, STRFTIME('%Y-%m-%d %H:%M:%f000', 'now'), STRFTIME('%Y-%m-%d %H:%M:%f000', 'now'));

-- Accounts that were there before there were groups.
INSERT INTO account_group (account_id, group_id)
    SELECT a.id, g.id FROM account a CROSS JOIN user_group g
    WHERE a.is_tenant_admin = 0 AND g.is_default = 1;
