/* base/sheet_writer.c - spreadsheets written as streams of rows. */
#include "base/sheet_writer.h"
#include "base/sheet_writer_format.h"

crm_error_t *crm_sheet_writer_open(apr_pool_t *pool, const crm_sheet_writer_options_t *options,
                                   const char *const *header, int count,
                                   crm_sheet_writer_t **ret_writer)
{
    crm_sheet_writer_t *writer = apr_pcalloc(pool, sizeof(*writer));
    writer->pool = pool;
    writer->options = *options;
    writer->columns = count;
    writer->format =
        options->format == CRM_SHEET_XLSX ? &crm_xlsx_writer_format : &crm_csv_writer_format;
    if (apr_pool_create(&writer->row_pool, pool) != APR_SUCCESS) {
        return crm_error_system(pool, APR_ENOMEM, "a pool for a row");
    }
    CRM_ERR(writer->format->open(writer));
    crm_sheet_cell_t *cells = apr_pcalloc(pool, (apr_size_t)count * sizeof(*cells));
    for (int i = 0; i < count; i++) {
        cells[i].kind = CRM_CELL_TEXT;
        cells[i].text = header[i];
    }
    CRM_ERR(crm_sheet_writer_row(writer, cells));
    *ret_writer = writer;
    return NULL;
}

crm_error_t *crm_sheet_writer_row(crm_sheet_writer_t *writer, const crm_sheet_cell_t *cells)
{
    apr_pool_clear(writer->row_pool);
    CRM_ERR(writer->format->row(writer, cells));
    writer->rows++;
    return NULL;
}

crm_error_t *crm_sheet_writer_finish(crm_sheet_writer_t *writer)
{
    return writer->format->finish(writer);
}
