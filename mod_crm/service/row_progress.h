/* service/row_progress.h - how far work on whole tables is, told while it goes on.
 *
 * Who is told may end the work: for what is asked to stop, or is done by somebody else by now.
 */
#ifndef CRM_SERVICE_ROW_PROGRESS_H
#define CRM_SERVICE_ROW_PROGRESS_H

#include "base/error.h"

/* Told that ROWS were gone over so far, in all passes over all tables; TABLE is the one at hand. An
 * error ends the work, and is passed up by it. */
typedef crm_error_t *crm_row_progress_fn(void *baton, const char *table, apr_uint64_t rows);

typedef struct crm_row_progress_t {
    crm_row_progress_fn *tell;
    void *baton;
    apr_uint64_t rows;
} crm_row_progress_t;

/* Adds ROWS of TABLE to PROGRESS (NULL: nobody is told). */
static inline crm_error_t *crm_row_progress_add(crm_row_progress_t *progress, const char *table,
                                                apr_uint64_t rows)
{
    if (!progress) {
        return NULL;
    }
    progress->rows += rows;
    return progress->tell(progress->baton, table, progress->rows);
}

#endif
