/* service/table_load.c - rows put into a table, many at a time. */
#include <string.h>

#include <apr_strings.h>

#include "service/bulk_insert.h"
#include "service/table_load.h"

/* Rows inserted together at most, and what they may hold about, in bytes. */
#define BATCH_ROWS 64
#define BATCH_BYTES ((apr_size_t)1 << 20)
/* batches of one transaction */
#define COMMIT_EVERY 64

struct crm_table_load_t {
    const crm_db_t *db;
    const crm_table_t *table;
    crm_bulk_insert_t insert;
    apr_pool_t *batch; /* of the values below */
    crm_value_t *values;
    int rows, batches;
    apr_size_t bytes;
};

static crm_error_t *flush(crm_table_load_t *load)
{
    if (load->rows > 0) {
        crm_error_t *error =
            crm_bulk_insert(load->db, load->batch, &load->insert, load->values, load->rows);
        if (error) {
            return crm_error_cause(error, "table %s", load->table->name);
        }
        if (++load->batches % COMMIT_EVERY == 0) {
            CRM_ERR(crm_db_load_commit(load->db, load->batch));
        }
    }
    apr_pool_clear(load->batch);
    load->values = apr_palloc(load->batch, sizeof(*load->values) * BATCH_ROWS *
                                               (apr_size_t)load->table->ncolumns);
    load->rows = 0;
    load->bytes = 0;
    return NULL;
}

/* VALUE in the batch's pool, as a column of TYPE takes it; a null says what its column is. */
static crm_value_t kept(crm_table_load_t *load, char type, crm_value_t value)
{
    static const crm_value_kind_e kinds[] = {
        ['i'] = CRM_V_INTEGER, ['f'] = CRM_V_REAL, ['x'] = CRM_V_BYTES, ['z'] = CRM_V_NULL};
    if (crm_is_null(value)) {
        crm_value_kind_e kind = kinds[(unsigned char)type];
        return crm_null_of(kind == CRM_V_NULL ? CRM_V_TEXT : kind);
    }
    if (value.kind == CRM_V_TEXT || value.kind == CRM_V_BYTES) {
        apr_size_t size = value.kind == CRM_V_TEXT ? strlen(value.as.text) : value.size;
        const char *copy = apr_pstrmemdup(load->batch, value.as.bytes, size);
        value = type == 'x' ? crm_bytes(copy, size) : crm_text(copy);
        value.size = size;
        load->bytes += size;
    }
    return value;
}

crm_error_t *crm_table_load_begin(const crm_db_t *db, apr_pool_t *pool, const crm_table_t *table,
                                  crm_table_load_t **ret_load)
{
    crm_table_load_t *load = apr_pcalloc(pool, sizeof(*load));
    load->db = db;
    load->table = table;
    apr_pool_create(&load->batch, pool);
    crm_table_insert_text(pool, table, &load->insert.before, &load->insert.row);
    load->insert.after = "";
    load->insert.columns = table->ncolumns;
    *ret_load = load;
    return flush(load);
}

crm_error_t *crm_table_load_row(crm_table_load_t *load, const crm_value_t *row)
{
    const crm_table_t *table = load->table;
    crm_value_t *to = load->values + (apr_size_t)load->rows * (apr_size_t)table->ncolumns;
    for (int i = 0; i < table->ncolumns; i++) {
        to[i] = kept(load, table->columns[i].type, row[i]);
    }
    load->rows++;
    return load->rows == BATCH_ROWS || load->bytes > BATCH_BYTES ? flush(load) : NULL;
}

crm_error_t *crm_table_load_end(crm_table_load_t *load)
{
    return flush(load);
}
