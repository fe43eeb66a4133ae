/* service/adopt_place.c - all parts of a tenant, or of the main database, in their order. */
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "base/json.h"
#include "service/adopt_part.h"

/* Rows of a chunk. */
#define ROWS 256

#define MAIN "main."
#define ACCOUNTS "user_customuser"

/* ---- which rows of the main database's tables are whose */

/* SQL: an id as it is compared, whatever the character set and the way in which it is written. */
static const char *bare(apr_pool_t *pool, const char *id)
{
    return apr_pstrcat(pool, "REPLACE(LOWER(CONVERT(", id,
                       " USING utf8mb4) COLLATE utf8mb4_bin), '-', '')", NULL);
}

/* SQL: the table NAME of the source's main database. */
static const char *main_table(const crm_adopt_place_t *place, const char *name)
{
    const crm_source_table_t *table = crm_adopt_table(place->run->main_tables, name);
    return table ? apr_pstrcat(place->pool, crm_source_name(place->pool, table->database), ".",
                               crm_source_name(place->pool, name), NULL)
                 : NULL;
}

/* SQL of the tenant of the account that is called ALIAS: its own column, or the junction's. */
static const char *tenant_of(const crm_adopt_place_t *place, const char *alias)
{
    const char *junction = main_table(place, "user_tenantuser");
    const crm_source_table_t *accounts = crm_adopt_table(place->run->main_tables, ACCOUNTS);
    const char *own = accounts && crm_source_column(accounts, "tenant_id") >= 0
                          ? apr_pstrcat(place->pool, "NULLIF(", alias, ".tenant_id, '')", NULL)
                          : "NULL";
    if (!junction) {
        return own;
    }
    return apr_pstrcat(place->pool, "COALESCE(CONVERT(", own,
                       " USING utf8mb4) COLLATE utf8mb4_bin, "
                       "(SELECT CONVERT(j.tenant_id USING utf8mb4) COLLATE utf8mb4_bin FROM ",
                       junction, " j WHERE j.user_id = ", alias, ".id LIMIT 1))", NULL);
}

/* SQL: OWNER is the place's tenant; of the main database: any that is adopted. With the values of
 * values_of. */
static const char *is_a_tenants(const crm_adopt_place_t *place, const char *owner)
{
    if (place->tenant) {
        return apr_pstrcat(place->pool, owner, " IN (?, ?, ?, ?)", NULL);
    }
    const char *sql =
        apr_pstrcat(place->pool, "(", owner, " IS NOT NULL AND ", bare(place->pool, owner),
                    " IN (SELECT ", bare(place->pool, "t.id"), " FROM ",
                    main_table(place, "user_tenant"), " t WHERE 1 = 1", NULL);
    for (int i = 0; i < place->run->absent->nelts; i++) {
        sql = apr_pstrcat(place->pool, sql, " AND t.id <> ?", NULL);
    }
    return apr_pstrcat(place->pool, sql, "))", NULL);
}

/* SQL of the place's rows of the main database's TABLE: a tenant's, or those of no tenant. */
static const char *condition_of(const crm_adopt_place_t *place, const char *table)
{
    apr_pool_t *pool = place->pool;
    const char *its;
    if (strcmp(table, "user_history") == 0) {
        its = is_a_tenants(place, "r.tenant_id");
    } else if (strcmp(table, ACCOUNTS) == 0) {
        its = apr_pstrcat(pool, "(r.is_superuser = 0 AND ",
                          is_a_tenants(place, tenant_of(place, "r")), ")", NULL);
    } else {
        const char *accounts = main_table(place, ACCOUNTS);
        its = accounts ? apr_pstrcat(pool,
                                     "(r.user_id IS NOT NULL AND r.user_id IN (SELECT u.id "
                                     "FROM ",
                                     accounts, " u WHERE u.is_superuser = 0 AND ",
                                     is_a_tenants(place, tenant_of(place, "u")), "))", NULL)
                       : "1 = 0";
    }
    /* what is null is not of a tenant */
    return place->tenant ? its : apr_pstrcat(pool, "NOT COALESCE(", its, ", 0)", NULL);
}

static char *upper(apr_pool_t *pool, const char *text)
{
    char *copy = apr_pstrdup(pool, text);
    for (char *at = copy; *at; at++) {
        *at = (char)apr_toupper(*at);
    }
    return copy;
}

/* The values of is_a_tenants: the ways in which the id of the place's tenant may be written, four;
 * of the main database, the tenants that are not adopted. */
static const crm_value_t *values_of(const crm_adopt_place_t *place, int *ret_count)
{
    if (!place->tenant) {
        const apr_array_header_t *absent = place->run->absent;
        crm_value_t *ids = apr_palloc(place->pool, ((apr_size_t)absent->nelts + 1) * sizeof(*ids));
        for (int i = 0; i < absent->nelts; i++) {
            ids[i] = crm_text(APR_ARRAY_IDX(absent, i, const char *));
        }
        *ret_count = absent->nelts;
        return ids;
    }
    *ret_count = 4;
    crm_value_t *values = apr_palloc(place->pool, 4 * sizeof(*values));
    const char *dashed = crm_uuid_text(place->pool, &place->tenant->id);
    char *plain = apr_pstrdup(place->pool, dashed), *at = plain;
    for (const char *from = dashed; *from; from++) {
        if (*from != '-') {
            *at++ = *from;
        }
    }
    *at = '\0';
    crm_uuid_t parsed;
    int is_uuid = crm_uuid_parse(place->tenant_id, &parsed);
    values[0] = crm_text(is_uuid ? plain : place->tenant_id);
    values[1] = crm_text(is_uuid ? dashed : place->tenant_id);
    values[2] = crm_text(is_uuid ? upper(place->pool, plain) : place->tenant_id);
    values[3] = crm_text(is_uuid ? upper(place->pool, dashed) : place->tenant_id);
    return values;
}

/* ---- parts */

/* What is looked up beside a row: of a permission its application, of History who it was. */
static const char *const *extras_of(const crm_adopt_place_t *place, const crm_adopt_part_t *part)
{
    const apr_array_header_t *tables = part->is_main ? place->run->main_tables : place->tables;
    const crm_source_table_t *types = crm_adopt_table(tables, "django_content_type");
    const crm_source_table_t *accounts = crm_adopt_table(tables, ACCOUNTS);
    const char **extras = apr_pcalloc(place->pool, 2 * sizeof(*extras));
    if (types && strcmp(part->table, "auth_permission") == 0) {
        extras[0] = crm_source_look_up(place->pool, types, "app_label", "id", "r.content_type_id");
    } else if (accounts && strcmp(part->table, "user_history") == 0) {
        extras[0] = crm_source_look_up(place->pool, accounts, "username", "id", "r.user_id");
    }
    return extras[0] ? extras : NULL;
}

/* Takes what the table of names says of a table; those of the main database begin with "main.",
 * for the main database itself all are. */
static crm_error_t *take(crm_adopt_place_t *place, const crm_adopt_part_t *named)
{
    crm_adopt_part_t *part = apr_pmemdup(place->pool, named, sizeof(*named));
    int prefixed = strncmp(named->name, MAIN, sizeof(MAIN) - 1) == 0;
    part->table = named->name + (prefixed ? sizeof(MAIN) - 1 : 0);
    part->is_main = prefixed || !place->tenant;
    part->most = ROWS;
    if (part->is_main && crm_adopt_table(place->run->main_tables, part->table)) {
        part->condition = condition_of(place, part->table);
        part->args = values_of(place, &part->nargs);
    }
    part->extras = extras_of(place, part);
    return crm_adopt_part(place, part);
}

static crm_error_t *take_all(crm_adopt_place_t *place, const crm_adopt_part_t *parts)
{
    for (; parts->name; parts++) {
        CRM_ERR(take(place, parts));
    }
    return NULL;
}

/* 1 when ENTITY has a reference to itself. */
static int refers_to_itself(const crm_entity_t *entity)
{
    for (const crm_field_t *field = entity->fields; field->name; field++) {
        if (field->column && field->reference && field->reference->entity == entity) {
            return 1;
        }
    }
    return 0;
}

static crm_error_t *take_records(crm_adopt_place_t *place, const crm_adopt_record_t *record)
{
    crm_adopt_part_t *part = apr_pcalloc(place->pool, sizeof(*part));
    *part = (crm_adopt_part_t){.name = record->table,
                               .table = record->table,
                               .columns = record->columns,
                               .most = ROWS,
                               .take = crm_adopt_record,
                               .record = record};
    CRM_ERR(crm_adopt_part(place, part));
    if (refers_to_itself(record->entity)) {
        part->name = apr_pstrcat(place->pool, record->table, " (links)", NULL);
        part->is_again = 1;
        part->take = crm_adopt_record_links;
        CRM_ERR(crm_adopt_part(place, part));
    }
    return NULL;
}

/* Columns of a change log, the one with the record's id among them. */
static const crm_adopt_column_t *change_columns(const crm_adopt_place_t *place,
                                                const crm_adopt_record_t *record)
{
    apr_array_header_t *columns = apr_array_make(place->pool, 16, sizeof(crm_adopt_column_t));
    APR_ARRAY_PUSH(columns, crm_adopt_column_t) = (crm_adopt_column_t){
        .from = record->changes_key, .to = "record_id", .refers = record->table};
    for (const crm_adopt_column_t *at = crm_adopt_change_columns; at->from; at++) {
        APR_ARRAY_PUSH(columns, crm_adopt_column_t) = *at;
    }
    APR_ARRAY_PUSH(columns, crm_adopt_column_t) = (crm_adopt_column_t){.from = NULL};
    return (const crm_adopt_column_t *)columns->elts;
}

static crm_error_t *take_changes(crm_adopt_place_t *place, const crm_adopt_record_t *record)
{
    crm_adopt_part_t *part = apr_pcalloc(place->pool, sizeof(*part));
    *part = (crm_adopt_part_t){.name = record->changes,
                               .table = record->changes,
                               .columns = change_columns(place, record),
                               .most = ROWS,
                               .take = crm_adopt_changes,
                               .record = record};
    return crm_adopt_part(place, part);
}

/* Rows that are of no use here are counted, all by one statement. */
static crm_error_t *count_rows(crm_adopt_place_t *place, const crm_source_table_t *table,
                               const char *reason)
{
    const crm_rows_t *rows;
    CRM_ERR(crm_source_select(place->run->source, place->pool,
                              apr_pstrcat(place->pool, "SELECT COUNT(*) FROM ",
                                          crm_source_name(place->pool, table->database), ".",
                                          crm_source_name(place->pool, table->name), NULL),
                              "i", CRM_NO_ARGS, &rows));
    json_int_t count = rows->cells[0].as.integer;
    json_t *tally = count ? json_pack("{s:I, s:{s:I}}", "found", count, "left_out", reason, count)
                          : json_object();
    const crm_adopt_mark_t mark = {.origin = place->run->origin,
                                   .part = table->name,
                                   .is_done = 1,
                                   .tally = tally,
                                   .side_size = place->side.size};
    json_object_set_new(place->tallies, table->name, tally);
    return crm_adopt_progress_save(place->db, place->pool, &mark);
}

/* Keeps the rows of a table that nothing takes in the side file. */
static crm_error_t *keep_rows(crm_adopt_place_t *place, const crm_source_table_t *table)
{
    crm_adopt_part_t *part = apr_pcalloc(place->pool, sizeof(*part));
    *part = (crm_adopt_part_t){.name = table->name,
                               .table = table->name,
                               .is_main = !place->tenant,
                               .most = ROWS,
                               .take = crm_adopt_nothing};
    return crm_adopt_part(place, part);
}

static crm_error_t *end_table(crm_adopt_place_t *place, const crm_source_table_t *table)
{
    int is_done = apr_hash_get(place->states, table->name, APR_HASH_KEY_STRING) != NULL;
    if (place->tenant && strcmp(table->name, "user_tenant") == 0) {
        return is_done ? NULL : count_rows(place, table, "a copy of the main database's");
    }
    switch (crm_adopt_use(place->run, table->name)) {
    case CRM_ADOPT_NO_USE:
        return is_done ? NULL : count_rows(place, table, "of no use here");
    case CRM_ADOPT_OF_TENANTS:
        return place->tenant ? NULL : keep_rows(place, table);
    case CRM_ADOPT_OF_BOTH:
        return NULL;
    case CRM_ADOPT_UNKNOWN:
        break;
    }
    return keep_rows(place, table);
}

/* What nothing has taken. */
static crm_error_t *end_tables(crm_adopt_place_t *place)
{
    for (int i = 0; i < place->tables->nelts; i++) {
        CRM_ERR(end_table(place, &APR_ARRAY_IDX(place->tables, i, crm_source_table_t)));
    }
    return NULL;
}

crm_error_t *crm_adopt_nothing(crm_adopt_chunk_t *chunk)
{
    int is_known = crm_adopt_use(chunk->place->run, chunk->part->table) != CRM_ADOPT_UNKNOWN;
    for (int i = 0; i < chunk->count; i++) {
        crm_adopt_left_out(chunk, i,
                           is_known ? "it does not belong into this database"
                                    : "the table is not known");
    }
    return NULL;
}

crm_error_t *crm_adopt_tenant_parts(crm_adopt_place_t *place)
{
    const crm_adopt_record_t *records = place->run->options->records;
    crm_adopt_part_t history = crm_adopt_history_table;
    CRM_ERR(take_all(place, crm_adopt_tenant_tables));
    CRM_ERR(crm_adopt_default_group(place));
    for (const crm_adopt_record_t *record = records; record->table; record++) {
        CRM_ERR(take_records(place, record));
    }
    for (const crm_adopt_record_t *record = records; record->table; record++) {
        if (record->changes) {
            CRM_ERR(take_changes(place, record));
        }
    }
    CRM_ERR(take(place, &history));
    history.name = MAIN "user_history";
    CRM_ERR(take(place, &history));
    return end_tables(place);
}

crm_error_t *crm_adopt_main_parts(crm_adopt_place_t *place)
{
    CRM_ERR(take_all(place, crm_adopt_main_tables));
    CRM_ERR(take(place, &crm_adopt_history_table));
    return end_tables(place);
}
