/* service/import.c - an import from its file to its result. */
#include <stdlib.h>

#include <apr_strings.h>

#include "base/json.h"
#include "service/import_chunk.h"

/* Memory that is kept from chunk to chunk, in bytes. */
#define MOST_FREE (8 << 20)

/* A file's own errors are said on the field that it was sent in. */
static crm_error_t *of_file(apr_pool_t *pool, crm_error_t *error)
{
    return error && error->kind == CRM_E_BAD_REQUEST
               ? crm_error_field(pool, "file", "%s", error->detail)
               : error;
}

static crm_error_t *empty(apr_pool_t *pool)
{
    return crm_error_field(pool, "file", "The submitted file is empty.");
}

/* Reads the file through, unless what is before a damage is wanted. */
static crm_error_t *check(const crm_importing_t *importing, int fd, crm_sheet_options_t *sheet,
                          crm_sheet_facts_t *facts)
{
    apr_pool_t *pool = importing->pool, *scratch;

    if (importing->options->partial) {
        return NULL;
    }
    apr_pool_create(&scratch, pool);
    crm_error_t *error = of_file(pool, crm_sheet_check(scratch, fd, sheet, facts));
    if (error) {
        return error; /* lives in scratch, which ends with the pool */
    }
    sheet->charset = facts->charset ? apr_pstrdup(pool, facts->charset) : sheet->charset;
    sheet->sheet = facts->sheet ? apr_pstrdup(pool, facts->sheet) : sheet->sheet;
    apr_pool_destroy(scratch);
    return facts->columns ? NULL : empty(pool);
}

/* The header's cells, to stay. */
static crm_error_t *read_header(crm_importing_t *importing)
{
    apr_pool_t *pool = importing->pool;
    const crm_sheet_row_t *row;

    CRM_ERR(of_file(pool, crm_sheet_next(importing->sheet, &row)));
    if (!row) {
        return empty(pool);
    }
    if (row->problem) {
        return crm_error_field(pool, "file", "Row %" APR_INT64_T_FMT ": %s", row->number,
                               row->problem);
    }
    const char **names = apr_palloc(pool, ((apr_size_t)row->count + 1) * sizeof(*names));
    for (int i = 0; i < row->count; i++) {
        names[i] = apr_pstrdup(pool, row->cells[i]);
    }
    importing->columns = crm_columns_match(pool, importing->records->entity, names, row->count);
    importing->result->position = importing->options->resume_from > row->number
                                      ? importing->options->resume_from
                                      : row->number;
    return NULL;
}

static crm_error_t *open_file(crm_importing_t *importing, int fd)
{
    apr_pool_t *pool = importing->pool;
    crm_sheet_options_t *sheet = apr_pmemdup(pool, &importing->options->sheet, sizeof(*sheet));
    crm_sheet_facts_t facts = {.rows = CRM_SHEET_XLSX_ROWS};

    CRM_ERR(check(importing, fd, sheet, &facts));
    CRM_ERR(of_file(pool, crm_sheet_open_fd(pool, fd, sheet, &importing->sheet)));
    CRM_ERR(read_header(importing));
    crm_sheet_skip_to(importing->sheet, importing->result->position + 1);
    if (importing->options->dry_run && importing->key) {
        CRM_ERR(crm_seen_make(pool, (apr_uint64_t)facts.rows, &importing->seen));
    }
    return NULL;
}

/* A pool for one chunk after the other, which keeps the memory of the last one for the next: giving
 * it back to the system and asking for it again costs more than all checks. */
static apr_pool_t *make_pool(apr_pool_t *parent)
{
    apr_allocator_t *allocator;
    apr_pool_t *pool;

    if (apr_allocator_create(&allocator) != APR_SUCCESS) {
        abort(); /* as APR's own pools do when memory is out */
    }
    apr_allocator_max_free_set(allocator, MOST_FREE);
    apr_pool_create_ex(&pool, parent, NULL, allocator);
    apr_allocator_owner_set(allocator, pool);
    return pool;
}

/* One chunk after the other. What ends it stays in the pool that it was made in. */
static crm_error_t *run(const crm_importing_t *importing)
{
    crm_import_result_t *result = importing->result;
    apr_pool_t *pool = make_pool(importing->pool);
    int end = 0, done = 0;

    while (!end && !result->stopped) {
        crm_import_chunk_t chunk;
        apr_pool_clear(pool);
        crm_error_t *damage = crm_import_read(importing, pool, &chunk, &end);
        if (damage && !(importing->options->partial && damage->kind == CRM_E_BAD_REQUEST)) {
            return damage;
        }
        result->stopped = crm_import_run(importing, &chunk, &done);
        crm_error_t *error = crm_import_report(importing, &chunk, done);
        result->stopped = result->stopped ? result->stopped : error;
        result->damage = damage ? damage->detail : NULL;
        end |= damage != NULL;
    }
    return NULL;
}

crm_error_t *crm_record_import(const crm_records_t *records, apr_pool_t *pool, int fd,
                               const crm_import_options_t *options, crm_import_result_t *ret_result)
{
    static const crm_import_t no_rules = {.key = NULL};
    const crm_entity_t *entity = records->entity;
    crm_records_t noted = *records;
    crm_import_result_t result = {.wrong = -1};
    crm_importing_t importing = {
        .pool = pool,
        .records = &noted,
        .options = options,
        .rules = entity->import ? entity->import : &no_rules,
        .result = &result,
    };

    noted.notes = "Imported.";
    importing.key = importing.rules->key ? crm_entity_field(entity, importing.rules->key) : NULL;
    CRM_ERR(open_file(&importing, fd));
    result.listed = crm_json_own(pool, json_array());
    result.ignored = crm_json_own(pool, crm_columns_ignored(importing.columns));
    if (options->keep_wrong) {
        CRM_ERR(crm_import_report_open(&importing));
    }
    CRM_ERR(run(&importing));
    if (importing.wrong) {
        CRM_ERR(crm_sheet_writer_finish(importing.wrong));
    }
    *ret_result = result;
    return NULL;
}
