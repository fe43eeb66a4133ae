-- Products. The price is in units of a hundredth.

CREATE TABLE product (
    id BINARY(16) NOT NULL,
    name VARCHAR(255) NOT NULL,
    name_key VARCHAR(600) NOT NULL,
    sku VARCHAR(64) NOT NULL,
    sku_key VARCHAR(600) NOT NULL,
    sku_unique VARCHAR(600) NULL,
    price BIGINT NULL,
    currency VARCHAR(3) NOT NULL,
    category BINARY(16) NULL,
    description MEDIUMTEXT NULL,
    is_active BOOLEAN NOT NULL,
    created_by BIGINT NULL,
    created_at DATETIME(6) NOT NULL,
    updated_at DATETIME(6) NOT NULL,
    version BIGINT NOT NULL,
    deleted_at DATETIME(6) NULL,
    PRIMARY KEY (id),
    UNIQUE KEY sku_unique (sku_unique),
    KEY newest (deleted_at, created_at),
    KEY updated (deleted_at, updated_at),
    KEY name (deleted_at, name_key),
    KEY sku (deleted_at, sku_key),
    KEY price (deleted_at, price),
    KEY currency (deleted_at, currency, created_at),
    KEY category (category, deleted_at, created_at),
    KEY active (deleted_at, is_active, created_at),
    KEY author (deleted_at, created_by, created_at),
    FOREIGN KEY (category) REFERENCES category (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE product_search (
    created_at DATETIME(6) NOT NULL,
    id BINARY(16) NOT NULL,
    text MEDIUMBLOB NOT NULL,
    PRIMARY KEY (created_at, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
