-- History: one row a request. user_id is an account of this database, platform_user_id one of the
-- main database: a superuser who acted in this tenant.

CREATE TABLE history (
    id BLOB NOT NULL PRIMARY KEY,
    user_id INTEGER,
    platform_user_id INTEGER,
    username TEXT,
    username_key TEXT,
    method TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    endpoint_key TEXT NOT NULL,
    route TEXT,
    request_data TEXT,
    response_data TEXT,
    response_status INTEGER NOT NULL,
    ip_address TEXT,
    user_agent TEXT,
    execution_time REAL NOT NULL,
    error_message TEXT,
    request_id TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);

CREATE INDEX history_created_at ON history (created_at, id);
CREATE INDEX history_user_created ON history (user_id, created_at, id);
CREATE INDEX history_status_created ON history (response_status, created_at, id);

-- What statistics are made of, counted along with each row of history: requests by period (a day
-- 'd2026-11-23', a month 'm2026-11', all time 'a'), account (0: everybody), route pattern, method
-- and status. A range of days is read as whole months and at most sixty days at its ends.
CREATE TABLE history_rollup (
    user_id INTEGER NOT NULL,
    period TEXT NOT NULL,
    route TEXT NOT NULL,
    method TEXT NOT NULL,
    status INTEGER NOT NULL,
    requests INTEGER NOT NULL,
    seconds REAL NOT NULL,
    PRIMARY KEY (user_id, period, route, method, status)
) WITHOUT ROWID;

-- The same by how long requests took: bucket b holds times up to 1.15^b microseconds.
CREATE TABLE history_bucket (
    user_id INTEGER NOT NULL,
    period TEXT NOT NULL,
    status INTEGER NOT NULL,
    bucket INTEGER NOT NULL,
    requests INTEGER NOT NULL,
    PRIMARY KEY (user_id, period, status, bucket)
) WITHOUT ROWID;

-- Which accounts called anything in a period.
CREATE TABLE history_active (
    period TEXT NOT NULL,
    user_id INTEGER NOT NULL,
    status INTEGER NOT NULL,
    PRIMARY KEY (period, user_id, status)
) WITHOUT ROWID;
