/* server/said.c - what a thread logged lately. */
#include <string.h>

#include <apr_strings.h>

#include "server/said.h"

#define SAID_AGAIN apr_time_from_sec(60)

int crm_said_is_news(crm_said_t *said, const char *cause)
{
    apr_time_t now = apr_time_now();
    int oldest = 0;

    for (int i = 0; i < CRM_SAID_CAUSES; i++) {
        if (strncmp(said->causes[i].cause, cause, CRM_SAID_SIZE - 1) == 0 &&
            now - said->causes[i].when < SAID_AGAIN) {
            return 0;
        }
        if (said->causes[i].when < said->causes[oldest].when) {
            oldest = i;
        }
    }
    apr_cpystrn(said->causes[oldest].cause, cause, CRM_SAID_SIZE);
    said->causes[oldest].when = now;
    return 1;
}
