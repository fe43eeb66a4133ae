/* service/adopt_report.c - what an adoption says of a place: what was found, and what became of it.
 */
#include <string.h>

#include <apr_strings.h>

#include "service/adopt_part.h"

static const char *const numbers[] = {"found", "taken", "merged", "left_out"};

#define NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

static json_int_t number(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

/* The object NAME of TALLY, or an empty one: new reference. */
static json_t *object_of(json_t *tally, const char *name)
{
    json_t *object = json_object_get(tally, name);
    return object ? json_incref(object) : json_object();
}

static json_t *table_json(const char *name, json_t *tally)
{
    json_t *reasons = object_of(tally, "left_out");
    json_int_t left_out = 0;
    const char *reason;
    json_t *rows;
    json_object_foreach(reasons, reason, rows)
    {
        left_out += json_integer_value(rows);
    }
    return json_pack("{s:s, s:I, s:I, s:I, s:I, s:o, s:o, s:o}", "table", name, "found",
                     number(tally, "found"), "taken", number(tally, "taken"), "merged",
                     number(tally, "merged"), "left_out", left_out, "reasons", reasons, "notes",
                     object_of(tally, "notes"), "kept", object_of(tally, "kept"));
}

/* Parts of a place are named after tables; what begins with '(' is the adoption's own. */
static json_t *tables_json(const crm_adopt_place_t *place)
{
    json_t *tables = json_array(), *tally;
    const char *name;
    json_object_foreach(place->tallies, name, tally)
    {
        if (*name != '(' && (number(tally, "found") || json_object_get(tally, "notes"))) {
            json_array_append_new(tables, table_json(name, tally));
        }
    }
    return tables;
}

/* 1 when something takes the column, or is known to leave it. */
static int is_known(const crm_adopt_place_t *place, const crm_source_table_t *table,
                    const char *column)
{
    const crm_adopt_column_t *at = crm_adopt_columns(place->run, table->name);
    int is_changes = at == crm_adopt_change_columns;
    for (; at && at->from; at++) {
        if (strcmp(at->from, column) == 0) {
            return 1;
        }
    }
    for (const crm_adopt_record_t *record = place->run->options->records;
         is_changes && record->table; record++) {
        if (record->changes && strcmp(record->changes, table->name) == 0 &&
            strcmp(record->changes_key, column) == 0) {
            return 1;
        }
    }
    return 0;
}

static void add_unknown(const crm_adopt_place_t *place, json_t *tables, json_t *columns)
{
    for (int i = 0; i < place->tables->nelts; i++) {
        const crm_source_table_t *table = &APR_ARRAY_IDX(place->tables, i, crm_source_table_t);
        const json_t *tally = json_object_get(place->tallies, table->name);
        if (crm_adopt_use(place->run, table->name) == CRM_ADOPT_UNKNOWN) {
            json_array_append_new(tables, json_pack("{s:s, s:I}", "table", table->name, "rows",
                                                    number(tally, "found")));
            continue;
        }
        int is_taken = crm_adopt_columns(place->run, table->name) && number(tally, "found");
        for (int j = 0; is_taken && j < table->count; j++) {
            const char *column = table->columns[j].name;
            if (!is_known(place, table, column)) {
                json_array_append_new(
                    columns, json_string(apr_pstrcat(place->pool, table->name, ".", column, NULL)));
            }
        }
    }
}

static void add_missing(const crm_adopt_place_t *place, const char *table, json_t *missing)
{
    if (!crm_adopt_table(place->tables, table)) {
        json_array_append_new(missing, json_string(table));
    }
}

/* Tables that each tenant's database should have: those that are not there may not be read. */
static json_t *missing_tables(const crm_adopt_place_t *place)
{
    json_t *missing = json_array();
    if (!place->tenant || !place->tables) {
        return missing;
    }
    add_missing(place, "user_customuser", missing);
    add_missing(place, "authtoken_token", missing);
    for (const crm_adopt_record_t *record = place->run->options->records; record->table; record++) {
        add_missing(place, record->table, missing);
        if (record->changes) {
            add_missing(place, record->changes, missing);
        }
    }
    return missing;
}

json_t *crm_adopt_report(const crm_adopt_place_t *place, const char *state)
{
    json_t *unknown_tables = json_array(), *unknown_columns = json_array();
    const crm_tenant_t *tenant = place->tenant;
    if (place->tables && place->tallies) {
        add_unknown(place, unknown_tables, unknown_columns);
    }
    return json_pack("{s:s, s:s?, s:s?, s:s?, s:s?, s:s, s:s?, s:I, s:o, s:o, s:o, s:o}", "name",
                     place->name, "id", place->tenant_id, "slug", tenant ? tenant->slug : NULL,
                     "database", place->database, "target", tenant ? tenant->database_name : NULL,
                     "state", state, "side_file", place->side.size ? place->side.path : NULL,
                     "side_bytes", (json_int_t)place->side.size, "tables",
                     place->tallies ? tables_json(place) : json_array(), "unknown_tables",
                     unknown_tables, "unknown_columns", unknown_columns, "missing_tables",
                     missing_tables(place));
}

void crm_adopt_total(json_t *total, const json_t *place)
{
    size_t i;
    json_t *table;
    json_array_foreach(json_object_get(place, "tables"), i, table)
    {
        for (apr_size_t j = 0; j < NUMBERS; j++) {
            json_object_set_new(
                total, numbers[j],
                json_integer(number(total, numbers[j]) + number(table, numbers[j])));
        }
    }
}
