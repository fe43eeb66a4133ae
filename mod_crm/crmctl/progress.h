/* crmctl/progress.h - how far a long command is: a line that is written over on a terminal, lines
 * of its own elsewhere.
 */
#ifndef CRM_CRMCTL_PROGRESS_H
#define CRM_CRMCTL_PROGRESS_H

#include <apr_time.h>

#include "crmctl/command.h"
#include "service/row_progress.h"

typedef struct crm_progress_t {
    int total, done, failed;
    int terminal, quiet;
    apr_time_t shown; /* when the line was written last */
} crm_progress_t;

/* Begins TOTAL steps of RUN. Standard error being a terminal makes it one line; --json and --quiet
 * leave out the lines of steps that went well. */
void crm_progress_start(crm_progress_t *progress, const crm_run_t *run, int total);

/* One step is done: TEXT (a line without its end) says which and how. FAILED ones are always told,
 * on standard error. */
void crm_progress_step(crm_progress_t *progress, const char *text, int failed);

/* How far work on whole tables is: a line that is written over on a terminal; nothing elsewhere. */
crm_row_progress_t crm_progress_rows(crm_run_t *run);

/* Takes the line away, before anything else is printed. */
void crm_progress_end(crm_progress_t *progress);

#endif
