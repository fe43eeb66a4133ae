-- Records of the CRM. A record that is deleted has deleted_at; its unique values (<column>_unique) are
-- free then. <column>_key is the folded text, which is what is compared. Lists take what is not
-- deleted, so every index begins with that; behind its own columns an index holds the id.
--
-- <table>_search holds the folded searchable text of the records that are there, in the order of the
-- default list: search looks for a part of it, row by row, in the narrowest place there is.

-- Customers.
CREATE TABLE customer (
    id BLOB NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    email TEXT NULL,
    email_key TEXT NULL,
    email_unique TEXT NULL,
    phone TEXT NULL,
    phone_key TEXT NULL,
    company TEXT NULL,
    company_key TEXT NULL,
    address TEXT NULL,
    city TEXT NULL,
    city_key TEXT NULL,
    state TEXT NULL,
    state_key TEXT NULL,
    country TEXT NULL,
    country_key TEXT NULL,
    zip_code TEXT NULL,
    zip_code_key TEXT NULL,
    is_active INTEGER NOT NULL,
    created_by INTEGER NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    version INTEGER NOT NULL,
    deleted_at TEXT NULL,
    PRIMARY KEY (id),
    UNIQUE (email_unique)
);
CREATE INDEX customer_newest ON customer (deleted_at, created_at, id);
CREATE INDEX customer_updated ON customer (deleted_at, updated_at, id);
CREATE INDEX customer_name ON customer (deleted_at, name_key, id);
CREATE INDEX customer_email ON customer (deleted_at, email_key, id);
CREATE INDEX customer_phone ON customer (deleted_at, phone_key, created_at, id);
CREATE INDEX customer_company ON customer (deleted_at, company_key, id);
CREATE INDEX customer_city ON customer (deleted_at, city_key, created_at, id);
CREATE INDEX customer_state ON customer (deleted_at, state_key, created_at, id);
CREATE INDEX customer_country ON customer (deleted_at, country_key, created_at, id);
CREATE INDEX customer_zip_code ON customer (deleted_at, zip_code_key, created_at, id);
CREATE INDEX customer_active ON customer (deleted_at, is_active, created_at, id);
CREATE INDEX customer_author ON customer (deleted_at, created_by, created_at, id);

CREATE TABLE customer_search (
    created_at TEXT NOT NULL,
    id BLOB NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (created_at, id)
) WITHOUT ROWID;

-- Leads.
CREATE TABLE `lead` (
    id BLOB NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    email TEXT NULL,
    email_key TEXT NULL,
    phone TEXT NULL,
    phone_key TEXT NULL,
    status TEXT NOT NULL,
    source TEXT NULL,
    source_key TEXT NULL,
    notes TEXT NULL,
    customer BLOB NULL,
    is_active INTEGER NOT NULL,
    created_by INTEGER NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    version INTEGER NOT NULL,
    deleted_at TEXT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY (customer) REFERENCES customer (id)
);
CREATE INDEX lead_newest ON `lead` (deleted_at, created_at, id);
CREATE INDEX lead_updated ON `lead` (deleted_at, updated_at, id);
CREATE INDEX lead_name ON `lead` (deleted_at, name_key, id);
CREATE INDEX lead_email ON `lead` (deleted_at, email_key, id);
CREATE INDEX lead_phone ON `lead` (deleted_at, phone_key, created_at, id);
CREATE INDEX lead_status ON `lead` (deleted_at, status, id);
CREATE INDEX lead_status_newest ON `lead` (deleted_at, status, created_at, id);
CREATE INDEX lead_source ON `lead` (deleted_at, source_key, created_at, id);
CREATE INDEX lead_customer ON `lead` (customer, deleted_at, created_at, id, is_active, status);
CREATE INDEX lead_active ON `lead` (deleted_at, is_active, created_at, id);
CREATE INDEX lead_author ON `lead` (deleted_at, created_by, created_at, id);

CREATE TABLE lead_search (
    created_at TEXT NOT NULL,
    id BLOB NOT NULL,
    customer BLOB NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (created_at, id)
) WITHOUT ROWID;

-- What was said when a lead was called.
CREATE TABLE call_summary (
    id BLOB NOT NULL,
    `lead` BLOB NOT NULL,
    summary TEXT NULL,
    call_time TEXT NULL,
    call_outcome TEXT NULL,
    created_by INTEGER NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    version INTEGER NOT NULL,
    deleted_at TEXT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY (`lead`) REFERENCES `lead` (id)
);
CREATE INDEX call_summary_newest ON call_summary (`lead`, deleted_at, created_at, id);
CREATE INDEX call_summary_called ON call_summary (`lead`, deleted_at, call_time, id);
CREATE INDEX call_summary_updated ON call_summary (`lead`, deleted_at, updated_at, id);
CREATE INDEX call_summary_outcome ON call_summary (`lead`, deleted_at, call_outcome, created_at, id);
CREATE INDEX call_summary_author ON call_summary (`lead`, deleted_at, created_by, created_at, id);

CREATE TABLE call_summary_search (
    created_at TEXT NOT NULL,
    id BLOB NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (created_at, id)
) WITHOUT ROWID;

-- Branches.
CREATE TABLE branch (
    id BLOB NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    code TEXT NULL,
    code_key TEXT NULL,
    code_unique TEXT NULL,
    address TEXT NULL,
    city TEXT NULL,
    city_key TEXT NULL,
    state TEXT NULL,
    state_key TEXT NULL,
    country TEXT NULL,
    country_key TEXT NULL,
    zip_code TEXT NULL,
    zip_code_key TEXT NULL,
    phone TEXT NULL,
    email TEXT NULL,
    manager_name TEXT NULL,
    manager_name_key TEXT NULL,
    manager_email TEXT NULL,
    manager_email_key TEXT NULL,
    manager_phone TEXT NULL,
    is_active INTEGER NOT NULL,
    notes TEXT NULL,
    created_by INTEGER NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    version INTEGER NOT NULL,
    deleted_at TEXT NULL,
    PRIMARY KEY (id),
    UNIQUE (code_unique)
);
CREATE INDEX branch_newest ON branch (deleted_at, created_at, id);
CREATE INDEX branch_updated ON branch (deleted_at, updated_at, id);
CREATE INDEX branch_name ON branch (deleted_at, name_key, id);
CREATE INDEX branch_code ON branch (deleted_at, code_key, id);
CREATE INDEX branch_city ON branch (deleted_at, city_key, created_at, id);
CREATE INDEX branch_state ON branch (deleted_at, state_key, created_at, id);
CREATE INDEX branch_country ON branch (deleted_at, country_key, created_at, id);
CREATE INDEX branch_zip_code ON branch (deleted_at, zip_code_key, created_at, id);
CREATE INDEX branch_manager_name ON branch (deleted_at, manager_name_key, created_at, id);
CREATE INDEX branch_manager_email ON branch (deleted_at, manager_email_key, created_at, id);
CREATE INDEX branch_active ON branch (deleted_at, is_active, created_at, id);
CREATE INDEX branch_author ON branch (deleted_at, created_by, created_at, id);

CREATE TABLE branch_search (
    created_at TEXT NOT NULL,
    id BLOB NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (created_at, id)
) WITHOUT ROWID;

-- Categories, which may lie in each other.
CREATE TABLE category (
    id BLOB NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    code TEXT NULL,
    code_key TEXT NULL,
    code_unique TEXT NULL,
    description TEXT NULL,
    parent BLOB NULL,
    is_active INTEGER NOT NULL,
    notes TEXT NULL,
    created_by INTEGER NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    version INTEGER NOT NULL,
    deleted_at TEXT NULL,
    PRIMARY KEY (id),
    UNIQUE (code_unique),
    FOREIGN KEY (parent) REFERENCES category (id)
);
CREATE INDEX category_newest ON category (deleted_at, created_at, id);
CREATE INDEX category_updated ON category (deleted_at, updated_at, id);
CREATE INDEX category_name ON category (deleted_at, name_key, id);
CREATE INDEX category_code ON category (deleted_at, code_key, id);
CREATE INDEX category_parent ON category (parent, deleted_at, created_at, id);
CREATE INDEX category_active ON category (deleted_at, is_active, created_at, id);
CREATE INDEX category_author ON category (deleted_at, created_by, created_at, id);

CREATE TABLE category_search (
    created_at TEXT NOT NULL,
    id BLOB NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (created_at, id)
) WITHOUT ROWID;

-- How many records of each entity are there: the sum over the slots. Writers of different connections
-- count in different slots and do not wait for each other.
CREATE TABLE record_count (
    entity TEXT NOT NULL,
    slot INTEGER NOT NULL,
    records INTEGER NOT NULL,
    PRIMARY KEY (entity, slot)
) WITHOUT ROWID;

-- What was changed in records, by whom, from what to what.
CREATE TABLE change_log (
    id BLOB NOT NULL,
    entity TEXT NOT NULL,
    record_id BLOB NOT NULL,
    action TEXT NOT NULL,
    field_name TEXT NULL,
    old_value TEXT NULL,
    new_value TEXT NULL,
    changes TEXT NULL,
    notes TEXT NULL,
    changed_by INTEGER NULL,
    changed_by_username TEXT NULL,
    changed_by_email TEXT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX change_log_record ON change_log (record_id, created_at, id);
