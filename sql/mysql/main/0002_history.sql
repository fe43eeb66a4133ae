-- History: one row a request. user_id is an account of this database, platform_user_id one of the
-- main database: a superuser who acted in this tenant. The order of lists is (created_at, id); an
-- index holds the primary key behind its own columns.

CREATE TABLE history (
    id BINARY(16) NOT NULL,
    user_id BIGINT NULL,
    platform_user_id BIGINT NULL,
    username VARCHAR(150) NULL,
    username_key VARCHAR(600) NULL,
    method VARCHAR(10) NOT NULL,
    endpoint VARCHAR(1000) NOT NULL,
    endpoint_key VARCHAR(1000) NOT NULL,
    route VARCHAR(190) NULL,
    request_data LONGTEXT NULL,
    response_data LONGTEXT NULL,
    response_status SMALLINT NOT NULL,
    ip_address VARCHAR(45) NULL,
    user_agent TEXT NULL,
    execution_time DOUBLE NOT NULL,
    error_message TEXT NULL,
    request_id VARCHAR(200) NULL,
    created_at DATETIME(6) NOT NULL,
    updated_at DATETIME(6) NOT NULL,
    PRIMARY KEY (id),
    KEY created_at (created_at),
    KEY user_created (user_id, created_at),
    KEY status_created (response_status, created_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- What statistics are made of, counted along with each row of history: requests by period (a day
-- 'd2026-11-23', a month 'm2026-11', all time 'a'), account (0: everybody), route pattern, method
-- and status. A range of days is read as whole months and at most sixty days at its ends.
CREATE TABLE history_rollup (
    user_id BIGINT NOT NULL,
    period VARCHAR(11) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    route VARCHAR(190) NOT NULL,
    method VARCHAR(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    status SMALLINT NOT NULL,
    requests BIGINT NOT NULL,
    seconds DOUBLE NOT NULL,
    PRIMARY KEY (user_id, period, route, method, status)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- The same by how long requests took: bucket b holds times up to 1.15^b microseconds.
CREATE TABLE history_bucket (
    user_id BIGINT NOT NULL,
    period VARCHAR(11) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    status SMALLINT NOT NULL,
    bucket SMALLINT NOT NULL,
    requests BIGINT NOT NULL,
    PRIMARY KEY (user_id, period, status, bucket)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Which accounts called anything in a period.
CREATE TABLE history_active (
    period VARCHAR(11) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    user_id BIGINT NOT NULL,
    status SMALLINT NOT NULL,
    PRIMARY KEY (period, user_id, status)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
