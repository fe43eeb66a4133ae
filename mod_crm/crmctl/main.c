/* crmctl/main.c - the command line: runs one command. */
#include <stdio.h>
#include <stdlib.h>

#include <apr_general.h>

#include "base/secret.h"
#include "crmctl/help.h"
#include "crmctl/parse.h"

enum { DONE = 0, FAILED = 1, USAGE = 2 };

static int complain(apr_pool_t *pool, const crm_error_t *error, int status)
{
    fflush(stdout);
    fprintf(stderr, "crmctl: %s\n", crm_error_line(pool, error));
    return status;
}

static int run_words(apr_pool_t *pool, int argc, const char *const *argv)
{
    crm_run_t run;
    crm_error_t *error = crm_parse(pool, argc, argv, &run);
    if (error) {
        return complain(pool, error, USAGE);
    }
    if (crm_run_option(&run, "--help")) {
        crm_help_print(&run);
        error = NULL;
    } else if (crm_run_has(&run, "--quiet") && !crm_run_has(&run, "--json") &&
               !freopen("/dev/null", "w", stdout)) {
        error = crm_error_make(pool, CRM_E_INTERNAL, "/dev/null cannot be opened.");
    } else {
        error = run.command->run(&run);
    }
    if (!error && fflush(stdout)) {
        error = crm_error_make(pool, CRM_E_INTERNAL, "Standard output cannot be written.");
    }
    return error ? complain(pool, error, FAILED) : DONE;
}

int main(int argc, const char *const *argv)
{
    apr_pool_t *pool;
    int status;

    if (apr_app_initialize(&argc, &argv, NULL) || apr_pool_create(&pool, NULL) ||
        crm_secret_init()) {
        fputs("crmctl: APR or libsodium does not start.\n", stderr);
        return FAILED;
    }
    atexit(apr_terminate);
    status = run_words(pool, argc - 1, argv + 1);
    apr_pool_destroy(pool);
    return status;
}
