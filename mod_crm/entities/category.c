/* entities/category.c - a category, which may lie in another one. */
#include <string.h>

#include "db/database.h"
#include "entities/record_fields.h"
#include "entities/registry.h"
#include "service/record_write.h"

#define MOST_LEVELS 64

static const crm_reference_t parent = {.entity = &crm_category_entity};

static const crm_field_t fields[] = {
    CRM_FIELD_ID,
    {
        .name = "name",
        .column = "name",
        .type = CRM_T_TEXT,
        .flags = CRM_F_REQUIRED | CRM_FOUND,
        .max_length = 255,
        .help = "The category's name.",
        .example = "Machines",
        .aliases = CRM_ALIASES_NAME,
    },
    {
        .name = "code",
        .column = "code",
        .type = CRM_T_TEXT,
        .flags = CRM_OPTIONAL | CRM_FOUND | CRM_F_UNIQUE,
        .max_length = 50,
        .help = "A short name, unique in the tenant.",
        .example = "M-1",
    },
    {
        .name = "description",
        .column = "description",
        .type = CRM_T_LONGTEXT,
        .flags = CRM_OPTIONAL | CRM_F_SEARCHABLE,
        .help = "What belongs to it.",
    },
    {
        .name = "parent",
        .column = "parent",
        .type = CRM_T_REFERENCE,
        .flags = CRM_F_NULL | CRM_F_FILTERABLE,
        .reference = &parent,
        .help = "The category it lies in; null for none.",
    },
    {
        .name = "parent_name",
        .type = CRM_T_TEXT,
        .flags = CRM_F_READ_ONLY | CRM_F_NULL,
        .label = "Parent",
        .help = "The name of the category it lies in.",
        .example = "Goods",
        .expression = "(SELECT p.name FROM category p WHERE p.id = r.parent AND "
                      "p.deleted_at IS NULL)",
    },
    {
        .name = "children_count",
        .type = CRM_T_INTEGER,
        .flags = CRM_F_READ_ONLY,
        .label = "Children",
        .help = "How many categories lie directly in it.",
        .expression = "(SELECT COUNT(*) FROM category c WHERE c.parent = r.id AND "
                      "c.deleted_at IS NULL)",
    },
    CRM_FIELD_IS_ACTIVE,
    CRM_FIELD_NOTES,
    CRM_FIELD_CREATED_BY,
    CRM_FIELD_TIMES,
    {.name = NULL},
};

static crm_error_t *cycle(crm_write_t *write, const char *message)
{
    return crm_error_field(write->pool, "parent", "%s", message);
}

/* Goes up from the new parent, locking each category on the way: two that are moved into each other
 * at the same time meet. What was deleted may come back, so it counts too. */
static crm_error_t *no_cycle(crm_write_t *write)
{
    crm_value_t above = crm_write_get(write, "parent");

    if (write->kind == CRM_WRITE_DELETE || crm_is_null(above) ||
        (write->kind == CRM_WRITE_UPDATE && !crm_write_changed(write, "parent"))) {
        return NULL;
    }
    for (int level = 0; !crm_is_null(above); level++) {
        const crm_rows_t *rows;
        if (memcmp(above.as.uuid, &write->id, sizeof(write->id)) == 0) {
            return cycle(write, "A category cannot lie in itself or in one of its own.");
        }
        if (level == MOST_LEVELS) {
            return cycle(write, "Categories lie in each other too deeply: at most 64 levels.");
        }
        CRM_ERR(crm_db_select(write->db, write->pool,
                              "SELECT parent FROM category WHERE id = ? {for update}", "u",
                              CRM_ARGS(above), &rows));
        above = rows->count ? crm_row(rows, 0)[0] : crm_null();
    }
    return NULL;
}

static const crm_import_t import = {
    .needs = "name",
    .needs_message = "name is required",
    .key = "code",
};

const crm_entity_t crm_category_entity = {
    .name = "category",
    .plural = "categories",
    .label = "Category",
    .table = "category",
    .fields = fields,
    .id = "id",
    .order = "-created_at",
    .path = "categories",
    .app_label = "category",
    .model = "category",
    .search_table = "category_search",
    .help = "What customers, leads and products are sorted by.",
    .before_write = no_cycle,
    .import = &import,
};
