/* service/table_pages.c - all rows of a table, page by page, in memory that does not grow. */
#include "service/table_pages.h"

/* Rows read at a time: fewer when they are long. */
#define ROWS_FEW 4
#define ROWS_FIRST 128
#define ROWS_MANY 1024
#define PAGE_BYTES ((apr_uint64_t)2 << 20)

/* How many rows to read next, after LIMIT rows that came to BYTES. */
static int next_limit(int limit, apr_uint64_t bytes)
{
    if (bytes > PAGE_BYTES && limit > ROWS_FEW) {
        return limit / 2;
    }
    return bytes < PAGE_BYTES / 4 && limit < ROWS_MANY ? limit * 2 : limit;
}

crm_error_t *crm_table_pages(const crm_db_t *db, apr_pool_t *pool, const crm_table_t *table,
                             crm_table_page_fn *take, void *baton)
{
    apr_pool_t *pages[2]; /* the last row of one page is where the next begins */
    const crm_rows_t *rows;
    const crm_value_t *after = NULL;
    int asked, limit = ROWS_FIRST;
    apr_pool_create(&pages[0], pool);
    apr_pool_create(&pages[1], pool);
    for (int turn = 0;; turn = !turn) {
        apr_uint64_t bytes = 0;
        apr_pool_clear(pages[turn]);
        asked = limit;
        CRM_ERR(crm_table_page(db, pages[turn], table, after, asked, &rows));
        CRM_ERR(take(pages[turn], rows, baton, &bytes));
        if (rows->count < asked) {
            break;
        }
        after = crm_row(rows, rows->count - 1);
        limit = next_limit(asked, bytes);
    }
    apr_pool_destroy(pages[0]);
    apr_pool_destroy(pages[1]);
    return NULL;
}
