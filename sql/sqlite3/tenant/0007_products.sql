-- Products. The price is in units of a hundredth.

CREATE TABLE product (
    id BLOB NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    sku TEXT NOT NULL,
    sku_key TEXT NOT NULL,
    sku_unique TEXT NULL,
    price INTEGER NULL,
    currency TEXT NOT NULL,
    category BLOB NULL,
    description TEXT NULL,
    is_active INTEGER NOT NULL,
    created_by INTEGER NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    version INTEGER NOT NULL,
    deleted_at TEXT NULL,
    PRIMARY KEY (id),
    UNIQUE (sku_unique),
    FOREIGN KEY (category) REFERENCES category (id)
);
CREATE INDEX product_newest ON product (deleted_at, created_at, id);
CREATE INDEX product_updated ON product (deleted_at, updated_at, id);
CREATE INDEX product_name ON product (deleted_at, name_key, id);
CREATE INDEX product_sku ON product (deleted_at, sku_key, id);
CREATE INDEX product_price ON product (deleted_at, price, id);
CREATE INDEX product_currency ON product (deleted_at, currency, created_at, id);
CREATE INDEX product_category ON product (category, deleted_at, created_at, id);
CREATE INDEX product_active ON product (deleted_at, is_active, created_at, id);
CREATE INDEX product_author ON product (deleted_at, created_by, created_at, id);

CREATE TABLE product_search (
    created_at TEXT NOT NULL,
    id BLOB NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (created_at, id)
) WITHOUT ROWID;
