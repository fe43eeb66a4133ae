/* service/bulk_insert.c - many rows in few statements. */
#include <string.h>

#include <apr_strings.h>

#include "service/bulk_insert.h"

/* Well below the least max_allowed_packet in use (4 MiB; MariaDB's default is 16). */
#define BYTES_MAX ((apr_size_t)1 << 20)

static const int sizes[] = {64, 16, 4, 1};

#define SIZES ((int)(sizeof(sizes) / sizeof(sizes[0])))

/* Bytes that a row's long values take, about. */
static apr_size_t row_bytes(const crm_value_t *row, int columns)
{
    apr_size_t bytes = 0;
    for (int i = 0; i < columns; i++) {
        bytes += row[i].size                 ? row[i].size
                 : row[i].kind == CRM_V_TEXT ? strlen(row[i].as.text)
                                             : sizeof(row[i]);
    }
    return bytes;
}

/* How many of the first COUNT rows may stand in one statement. */
static int fitting(const crm_value_t *values, int columns, int count)
{
    apr_size_t bytes = 0;
    int rows = 0;
    if (count > sizes[0]) {
        count = sizes[0];
    }
    for (; rows < count; rows++) {
        bytes += row_bytes(values + (apr_size_t)rows * (apr_size_t)columns, columns);
        if (rows > 0 && bytes > BYTES_MAX) {
            break;
        }
    }
    return rows;
}

static const char *make_text(apr_pool_t *pool, const crm_bulk_insert_t *insert, int rows)
{
    apr_size_t before = strlen(insert->before);
    apr_size_t row = strlen(insert->row);
    char *text =
        apr_palloc(pool, before + (row + 2) * (apr_size_t)rows + strlen(insert->after) + 1);
    char *at = text;
    memcpy(at, insert->before, before);
    at += before;
    for (int i = 0; i < rows; i++) {
        if (i > 0) {
            *at++ = ',';
            *at++ = ' ';
        }
        memcpy(at, insert->row, row);
        at += row;
    }
    strcpy(at, insert->after);
    return text;
}

crm_error_t *crm_bulk_insert(const crm_db_t *db, apr_pool_t *pool, const crm_bulk_insert_t *insert,
                             const crm_value_t *values, int count)
{
    const char *texts[SIZES] = {NULL};
    apr_pool_t *scratch; /* binding takes memory for each statement */
    apr_pool_create(&scratch, pool);
    while (count > 0) {
        int fit = fitting(values, insert->columns, count);
        int size = 0;
        while (sizes[size] > fit) {
            size++;
        }
        if (!texts[size]) {
            texts[size] = make_text(pool, insert, sizes[size]);
        }
        int nvalues = sizes[size] * insert->columns;
        crm_error_t *error = crm_db_execute(db, scratch, texts[size], values, nvalues, NULL);
        if (error) {
            return error; /* lives in scratch, which ends with POOL */
        }
        apr_pool_clear(scratch);
        values += nvalues;
        count -= sizes[size];
    }
    apr_pool_destroy(scratch);
    return NULL;
}
