/* crmctl/confirm.c - what destroys data is done only by who means it. */
#include "crmctl/confirm.h"

#include <stdio.h>
#include <string.h>

#define MOST 1024

crm_error_t *crm_confirm(const crm_run_t *run, const char *what, const char *name)
{
    char line[MOST] = "";
    FILE *terminal;

    if (crm_run_option(run, "--yes")) {
        return NULL;
    }
    terminal = fopen("/dev/tty", "r+");
    if (!terminal) {
        return crm_error_make(run->pool, CRM_E_BAD_REQUEST,
                              "%s There is no terminal to ask on: give --yes if that is wanted.",
                              what);
    }
    fprintf(terminal, "%s\nType the name \"%s\" to go on: ", what, name);
    fflush(terminal);
    const char *read = fgets(line, sizeof(line), terminal);
    fclose(terminal);
    line[strcspn(line, "\r\n")] = '\0';
    return read && strcmp(line, name) == 0
               ? NULL
               : crm_error_make(run->pool, CRM_E_BAD_REQUEST,
                                "That is not the name: nothing was done.");
}
