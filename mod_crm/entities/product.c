/* entities/product.c - a product: something that is sold. */
#include <stddef.h>

#include "entities/record_fields.h"
#include "entities/registry.h"

static const crm_choice_t currencies[] = {
    {"EUR", "Euro"},
    {"USD", "US dollar"},
    {"GBP", "Pound sterling"},
    {"CHF", "Swiss franc"},
    {"JPY", "Japanese yen"},
    {"CNY", "Chinese yuan"},
    {"INR", "Indian rupee"},
    {"SEK", "Swedish krona"},
    {"PLN", "Polish zloty"},
    {"AUD", "Australian dollar"},
    {"CAD", "Canadian dollar"},
    {"BRL", "Brazilian real"},
    {NULL, NULL},
};

static const crm_reference_t category = {.entity = &crm_category_entity};

static const crm_field_t fields[] = {
    CRM_FIELD_ID,
    {
        .name = "name",
        .column = "name",
        .type = CRM_T_TEXT,
        .flags = CRM_F_REQUIRED | CRM_FOUND,
        .max_length = 255,
        .help = "The product's name.",
        .example = "Difference engine",
        .aliases = CRM_ALIASES_NAME,
    },
    {
        .name = "sku",
        .column = "sku",
        .type = CRM_T_TEXT,
        .flags = CRM_F_REQUIRED | CRM_FOUND | CRM_F_UNIQUE,
        .max_length = 64,
        .label = "SKU",
        .help = "The stock keeping unit, unique in the tenant.",
        .example = "DE-1",
    },
    {
        .name = "price",
        .column = "price",
        .type = CRM_T_DECIMAL,
        .flags = CRM_F_NULL | CRM_F_FILTERABLE | CRM_F_SORTABLE,
        .max_length = 12,
        .scale = 2,
        .help = "What one costs.",
    },
    {
        .name = "currency",
        .column = "currency",
        .type = CRM_T_CHOICE,
        .flags = CRM_F_FILTERABLE,
        .choices = currencies,
        .preset = "EUR",
        .help = "The currency of the price (ISO 4217).",
    },
    {
        .name = "category",
        .column = "category",
        .type = CRM_T_REFERENCE,
        .flags = CRM_F_NULL | CRM_F_FILTERABLE,
        .reference = &category,
        .help = "The category it belongs to.",
    },
    {
        .name = "category_name",
        .type = CRM_T_TEXT,
        .flags = CRM_F_READ_ONLY | CRM_F_NULL,
        .label = "Category",
        .help = "The name of the category it belongs to.",
        .example = "Machines",
        .expression = "(SELECT c.name FROM category c WHERE c.id = r.category AND "
                      "c.deleted_at IS NULL)",
    },
    {
        .name = "description",
        .column = "description",
        .type = CRM_T_LONGTEXT,
        .flags = CRM_OPTIONAL | CRM_F_SEARCHABLE,
        .help = "What it is.",
    },
    CRM_FIELD_IS_ACTIVE,
    CRM_FIELD_CREATED_BY,
    CRM_FIELD_TIMES,
    {.name = NULL},
};

static const crm_import_t import = {
    .needs = "sku",
    .needs_message = "SKU is required",
    .key = "sku",
};

const crm_entity_t crm_product_entity = {
    .name = "product",
    .plural = "products",
    .label = "Product",
    .table = "product",
    .fields = fields,
    .id = "id",
    .order = "-created_at",
    .since = 7,
    .path = "products",
    .app_label = "product",
    .model = "product",
    .search_table = "product_search",
    .help = "What is sold.",
    .import = &import,
};
