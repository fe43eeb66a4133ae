/* db/rows.c - reading the rows of a result. */
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "base/time.h"
#include "db/rows.h"

/* A short text may be as long; what is longer is read as large. It is the MySQL driver's fldsz, up
 * to which apr_dbd_get_entry gives the whole value. */
#define SHORT_TEXT 8192

static crm_value_t unreadable(crm_reader_t *reader, int column, const char *why)
{
    if (!reader->error) {
        reader->error = crm_error_standard(reader->pool, CRM_E_DATABASE);
        crm_error_cause(reader->error, "column %d: %s; in: %s", column + 1, why, reader->sql->text);
    }
    return crm_null();
}

/* A value of any length, by way of a brigade: the only call that tells the length. On MySQL each
 * takes the column's buffer with it, of up to SHORT_TEXT bytes. */
static crm_value_t read_large(crm_reader_t *reader, apr_dbd_row_t *row, int column, int as_text)
{
    crm_connection_t *connection = reader->connection;
    apr_off_t length;
    apr_status_t status =
        apr_dbd_datum_get(connection->dbd, row, column, APR_DBD_TYPE_CLOB, connection->brigade);
    if (status == APR_ENOENT) {
        return crm_null();
    }
    if (status == APR_SUCCESS) {
        status = apr_brigade_length(connection->brigade, 1, &length);
    }
    if (status != APR_SUCCESS) {
        apr_brigade_cleanup(connection->brigade);
        return unreadable(reader, column, "cannot be read");
    }
    apr_size_t size = (apr_size_t)length;
    char *bytes = apr_palloc(reader->pool, size + 1);
    status = apr_brigade_flatten(connection->brigade, bytes, &size);
    apr_brigade_cleanup(connection->brigade);
    if (status != APR_SUCCESS || size != (apr_size_t)length) {
        return unreadable(reader, column, "cannot be read");
    }
    bytes[size] = '\0';
    reader->bytes += size;
    crm_value_t value = as_text ? crm_text(bytes) : crm_bytes(bytes, size);
    value.size = size;
    return value;
}

static crm_value_t read_uuid(crm_reader_t *reader, apr_dbd_row_t *row, int column)
{
    crm_value_t value = read_large(reader, row, column, 0);
    if (crm_is_null(value)) {
        return value;
    }
    return value.size == sizeof(crm_uuid_t) ? crm_uuid(value.as.uuid)
                                            : unreadable(reader, column, "is no UUID");
}

static crm_value_t read_text(crm_reader_t *reader, apr_dbd_row_t *row, int column,
                             const char *entry)
{
    apr_size_t length = strnlen(entry, SHORT_TEXT + 1);
    if (length > SHORT_TEXT) {
        return reader->types[column] == 'l'
                   ? read_large(reader, row, column, 1)
                   : unreadable(reader, column, "is too long for a short text");
    }
    reader->bytes += length;
    crm_value_t value = crm_text(apr_pstrmemdup(reader->pool, entry, length));
    value.size = length;
    return value;
}

/* The decimal sign of a database is a point, whatever the process's locale says. */
static double read_real(const char *entry)
{
    locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    double real = strtod_l(entry, NULL, c_locale);
    freelocale(c_locale);
    return real;
}

static crm_value_t read_cell(crm_reader_t *reader, apr_dbd_row_t *row, int column)
{
    apr_time_t time;
    char type = reader->types[column];
    if (type == 'x') {
        return read_large(reader, row, column, 0);
    }
    if (type == 'u') {
        return read_uuid(reader, row, column);
    }
    const char *entry = apr_dbd_get_entry(reader->connection->dbd, row, column);
    if (!entry) {
        return crm_null();
    }
    switch (type) {
    case 's':
    case 'l':
        return read_text(reader, row, column, entry);
    case 'i':
        return crm_int(strtoll(entry, NULL, 10));
    case 'b':
        return crm_bool(strtoll(entry, NULL, 10) != 0);
    case 'f':
        return crm_real(read_real(entry));
    case 't':
        return crm_time_parse_sql(entry, &time) ? crm_time(time)
                                                : unreadable(reader, column, "is no time");
    default:
        return unreadable(reader, column, "has an unknown type letter");
    }
}

crm_error_t *crm_rows_read(crm_reader_t *reader, apr_dbd_results_t *results,
                           const crm_rows_t **ret_rows)
{
    crm_connection_t *connection = reader->connection;
    apr_pool_t *scratch = connection->scratch;
    apr_dbd_row_t *row = NULL;
    int code, columns = apr_dbd_num_cols(connection->dbd, results), count = 0;
    if (columns != (int)strlen(reader->types)) {
        unreadable(reader, columns, "columns and type letters differ in number");
    }
    apr_array_header_t *cells = apr_array_make(scratch, 8 * columns, sizeof(crm_value_t));
    while ((code = apr_dbd_get_row(connection->dbd, scratch, results, &row, -1)) == 0) {
        /* also after an error: a result must be read to its end */
        for (int i = 0; i < columns && !reader->error; i++) {
            crm_value_t cell = read_cell(reader, row, i);
            APR_ARRAY_PUSH(cells, crm_value_t) = cell;
        }
        count++;
    }
    if (code > 0) {
        return crm_connection_error(connection, reader->pool, code, reader->sql->text);
    }
    if (reader->error) {
        return reader->error;
    }
    crm_rows_t *rows = apr_palloc(reader->pool, sizeof(*rows));
    rows->count = count;
    rows->columns = columns;
    rows->cells =
        apr_pmemdup(reader->pool, cells->elts, (apr_size_t)cells->nelts * sizeof(crm_value_t));
    *ret_rows = rows;
    return NULL;
}
