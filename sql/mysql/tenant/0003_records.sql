-- Records of the CRM. A record that is deleted has deleted_at; its unique values (<column>_unique) are
-- free then. <column>_key is the folded text, which is what is compared. Lists take what is not
-- deleted, so every index begins with that; behind its own columns an index holds the id.
--
-- <table>_search holds the folded searchable text of the records that are there, in the order of the
-- default list: search looks for a part of it, row by row, in the narrowest place there is. Bytes are
-- compared three times as fast as characters, and those that lie in the row twice as fast as a BLOB; so
-- only where one of the fields is long text it is one.

-- Customers.
CREATE TABLE customer (
    id BINARY(16) NOT NULL,
    name VARCHAR(255) NOT NULL,
    name_key VARCHAR(600) NOT NULL,
    email VARCHAR(254) NULL,
    email_key VARCHAR(600) NULL,
    email_unique VARCHAR(600) NULL,
    phone VARCHAR(50) NULL,
    phone_key VARCHAR(600) NULL,
    company VARCHAR(255) NULL,
    company_key VARCHAR(600) NULL,
    address MEDIUMTEXT NULL,
    city VARCHAR(120) NULL,
    city_key VARCHAR(600) NULL,
    state VARCHAR(120) NULL,
    state_key VARCHAR(600) NULL,
    country VARCHAR(120) NULL,
    country_key VARCHAR(600) NULL,
    zip_code VARCHAR(20) NULL,
    zip_code_key VARCHAR(600) NULL,
    is_active BOOLEAN NOT NULL,
    created_by BIGINT NULL,
    created_at DATETIME(6) NOT NULL,
    updated_at DATETIME(6) NOT NULL,
    version BIGINT NOT NULL,
    deleted_at DATETIME(6) NULL,
    PRIMARY KEY (id),
    UNIQUE KEY email_unique (email_unique),
    KEY newest (deleted_at, created_at),
    KEY updated (deleted_at, updated_at),
    KEY name (deleted_at, name_key),
    KEY email (deleted_at, email_key),
    KEY phone (deleted_at, phone_key, created_at),
    KEY company (deleted_at, company_key),
    KEY city (deleted_at, city_key, created_at),
    KEY state (deleted_at, state_key, created_at),
    KEY country (deleted_at, country_key, created_at),
    KEY zip_code (deleted_at, zip_code_key, created_at),
    KEY active (deleted_at, is_active, created_at),
    KEY author (deleted_at, created_by, created_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE customer_search (
    created_at DATETIME(6) NOT NULL,
    id BINARY(16) NOT NULL,
    text VARBINARY(20000) NOT NULL,
    PRIMARY KEY (created_at, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Leads.
CREATE TABLE `lead` (
    id BINARY(16) NOT NULL,
    name VARCHAR(255) NOT NULL,
    name_key VARCHAR(600) NOT NULL,
    email VARCHAR(254) NULL,
    email_key VARCHAR(600) NULL,
    phone VARCHAR(50) NULL,
    phone_key VARCHAR(600) NULL,
    status VARCHAR(20) NOT NULL,
    source VARCHAR(120) NULL,
    source_key VARCHAR(600) NULL,
    notes MEDIUMTEXT NULL,
    customer BINARY(16) NULL,
    is_active BOOLEAN NOT NULL,
    created_by BIGINT NULL,
    created_at DATETIME(6) NOT NULL,
    updated_at DATETIME(6) NOT NULL,
    version BIGINT NOT NULL,
    deleted_at DATETIME(6) NULL,
    PRIMARY KEY (id),
    KEY newest (deleted_at, created_at),
    KEY updated (deleted_at, updated_at),
    KEY name (deleted_at, name_key),
    KEY email (deleted_at, email_key),
    KEY phone (deleted_at, phone_key, created_at),
    KEY status (deleted_at, status),
    KEY status_newest (deleted_at, status, created_at),
    KEY source (deleted_at, source_key, created_at),
    KEY customer (customer, deleted_at, created_at, id, is_active, status),
    KEY active (deleted_at, is_active, created_at),
    KEY author (deleted_at, created_by, created_at),
    FOREIGN KEY (customer) REFERENCES customer (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE lead_search (
    created_at DATETIME(6) NOT NULL,
    id BINARY(16) NOT NULL,
    customer BINARY(16) NULL,
    text VARBINARY(20000) NOT NULL,
    PRIMARY KEY (created_at, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- What was said when a lead was called.
CREATE TABLE call_summary (
    id BINARY(16) NOT NULL,
    `lead` BINARY(16) NOT NULL,
    summary MEDIUMTEXT NULL,
    call_time DATETIME(6) NULL,
    call_outcome VARCHAR(20) NULL,
    created_by BIGINT NULL,
    created_at DATETIME(6) NOT NULL,
    updated_at DATETIME(6) NOT NULL,
    version BIGINT NOT NULL,
    deleted_at DATETIME(6) NULL,
    PRIMARY KEY (id),
    KEY newest (`lead`, deleted_at, created_at),
    KEY called (`lead`, deleted_at, call_time),
    KEY updated (`lead`, deleted_at, updated_at),
    KEY outcome (`lead`, deleted_at, call_outcome, created_at),
    KEY author (`lead`, deleted_at, created_by, created_at),
    FOREIGN KEY (`lead`) REFERENCES `lead` (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE call_summary_search (
    created_at DATETIME(6) NOT NULL,
    id BINARY(16) NOT NULL,
    text MEDIUMBLOB NOT NULL,
    PRIMARY KEY (created_at, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Branches.
CREATE TABLE branch (
    id BINARY(16) NOT NULL,
    name VARCHAR(255) NOT NULL,
    name_key VARCHAR(600) NOT NULL,
    code VARCHAR(50) NULL,
    code_key VARCHAR(600) NULL,
    code_unique VARCHAR(600) NULL,
    address MEDIUMTEXT NULL,
    city VARCHAR(120) NULL,
    city_key VARCHAR(600) NULL,
    state VARCHAR(120) NULL,
    state_key VARCHAR(600) NULL,
    country VARCHAR(120) NULL,
    country_key VARCHAR(600) NULL,
    zip_code VARCHAR(20) NULL,
    zip_code_key VARCHAR(600) NULL,
    phone VARCHAR(50) NULL,
    email VARCHAR(254) NULL,
    manager_name VARCHAR(255) NULL,
    manager_name_key VARCHAR(600) NULL,
    manager_email VARCHAR(254) NULL,
    manager_email_key VARCHAR(600) NULL,
    manager_phone VARCHAR(50) NULL,
    is_active BOOLEAN NOT NULL,
    notes MEDIUMTEXT NULL,
    created_by BIGINT NULL,
    created_at DATETIME(6) NOT NULL,
    updated_at DATETIME(6) NOT NULL,
    version BIGINT NOT NULL,
    deleted_at DATETIME(6) NULL,
    PRIMARY KEY (id),
    UNIQUE KEY code_unique (code_unique),
    KEY newest (deleted_at, created_at),
    KEY updated (deleted_at, updated_at),
    KEY name (deleted_at, name_key),
    KEY code (deleted_at, code_key),
    KEY city (deleted_at, city_key, created_at),
    KEY state (deleted_at, state_key, created_at),
    KEY country (deleted_at, country_key, created_at),
    KEY zip_code (deleted_at, zip_code_key, created_at),
    KEY manager_name (deleted_at, manager_name_key, created_at),
    KEY manager_email (deleted_at, manager_email_key, created_at),
    KEY active (deleted_at, is_active, created_at),
    KEY author (deleted_at, created_by, created_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE branch_search (
    created_at DATETIME(6) NOT NULL,
    id BINARY(16) NOT NULL,
    text VARBINARY(20000) NOT NULL,
    PRIMARY KEY (created_at, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Categories, which may lie in each other.
CREATE TABLE category (
    id BINARY(16) NOT NULL,
    name VARCHAR(255) NOT NULL,
    name_key VARCHAR(600) NOT NULL,
    code VARCHAR(50) NULL,
    code_key VARCHAR(600) NULL,
    code_unique VARCHAR(600) NULL,
    description MEDIUMTEXT NULL,
    parent BINARY(16) NULL,
    is_active BOOLEAN NOT NULL,
    notes MEDIUMTEXT NULL,
    created_by BIGINT NULL,
    created_at DATETIME(6) NOT NULL,
    updated_at DATETIME(6) NOT NULL,
    version BIGINT NOT NULL,
    deleted_at DATETIME(6) NULL,
    PRIMARY KEY (id),
    UNIQUE KEY code_unique (code_unique),
    KEY newest (deleted_at, created_at),
    KEY updated (deleted_at, updated_at),
    KEY name (deleted_at, name_key),
    KEY code (deleted_at, code_key),
    KEY parent (parent, deleted_at, created_at),
    KEY active (deleted_at, is_active, created_at),
    KEY author (deleted_at, created_by, created_at),
    FOREIGN KEY (parent) REFERENCES category (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE category_search (
    created_at DATETIME(6) NOT NULL,
    id BINARY(16) NOT NULL,
    text MEDIUMBLOB NOT NULL,
    PRIMARY KEY (created_at, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- How many records of each entity are there: the sum over the slots. Writers of different connections
-- count in different slots and do not wait for each other.
CREATE TABLE record_count (
    entity VARCHAR(64) NOT NULL,
    slot INT NOT NULL,
    records BIGINT NOT NULL,
    PRIMARY KEY (entity, slot)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- What was changed in records, by whom, from what to what.
CREATE TABLE change_log (
    id BINARY(16) NOT NULL,
    entity VARCHAR(64) NOT NULL,
    record_id BINARY(16) NOT NULL,
    action VARCHAR(20) NOT NULL,
    field_name VARCHAR(100) NULL,
    old_value MEDIUMTEXT NULL,
    new_value MEDIUMTEXT NULL,
    changes MEDIUMTEXT NULL,
    notes MEDIUMTEXT NULL,
    changed_by BIGINT NULL,
    changed_by_username VARCHAR(150) NULL,
    changed_by_email VARCHAR(254) NULL,
    created_at DATETIME(6) NOT NULL,
    PRIMARY KEY (id),
    KEY record (record_id, created_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
