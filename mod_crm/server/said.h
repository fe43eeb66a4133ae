/* server/said.h - what a thread logged lately: one line a minute for each cause. */
#ifndef CRM_SERVER_SAID_H
#define CRM_SERVER_SAID_H

#include <apr_time.h>

#define CRM_SAID_CAUSES 8
#define CRM_SAID_SIZE 256

/* Zeros to begin with; one thread's. */
typedef struct crm_said_t {
    struct {
        char cause[CRM_SAID_SIZE];
        apr_time_t when;
    } causes[CRM_SAID_CAUSES];
} crm_said_t;

/* 1 when CAUSE was not said within the last minute; notes it. */
int crm_said_is_news(crm_said_t *said, const char *cause);

#endif
