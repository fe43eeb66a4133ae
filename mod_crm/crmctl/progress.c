/* crmctl/progress.c - how far a long command is. */
#include "crmctl/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#define EVERY (APR_USEC_PER_SEC / 10)

#define CLEAR_LINE "\r\033[K"

void crm_progress_start(crm_progress_t *progress, const crm_run_t *run, int total)
{
    int quiet = crm_run_has(run, "--quiet") || crm_run_has(run, "--json");
    *progress = (crm_progress_t){
        .total = total,
        .terminal = !quiet && isatty(STDERR_FILENO) && isatty(STDOUT_FILENO),
        .quiet = quiet,
    };
}

void crm_progress_step(crm_progress_t *progress, const char *text, int failed)
{
    progress->done++;
    progress->failed += failed;
    if (failed) {
        crm_progress_end(progress);
        fflush(stdout);
        fprintf(stderr, "crmctl: %s\n", text);
    } else if (!progress->terminal && !progress->quiet) {
        printf("%s\n", text);
        fflush(stdout); /* a log shall show where it stands */
    }
    apr_time_t now = apr_time_now();
    if (progress->terminal &&
        (now - progress->shown >= EVERY || progress->done == progress->total)) {
        progress->shown = now;
        fprintf(stderr, CLEAR_LINE "%d of %d, %d failed", progress->done, progress->total,
                progress->failed);
        fflush(stderr);
    }
}

void crm_progress_end(crm_progress_t *progress)
{
    if (progress->terminal) {
        fputs(CLEAR_LINE, stderr);
        fflush(stderr);
    }
}

static crm_error_t *show_rows(void *baton, const char *table, apr_uint64_t rows)
{
    if (!crm_run_has(baton, "--quiet") && isatty(STDERR_FILENO)) {
        fprintf(stderr, "\r%s: %" PRIu64 " rows\033[K\r", table, (uint64_t)rows);
    }
    return NULL;
}

crm_row_progress_t crm_progress_rows(crm_run_t *run)
{
    return (crm_row_progress_t){.tell = show_rows, .baton = run};
}
