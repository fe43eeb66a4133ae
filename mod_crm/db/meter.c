/* db/meter.c - what a piece of work costs in databases. */
#include <stddef.h>

#include "db/meter.h"

static _Thread_local crm_meter_t *current;

crm_meter_t *crm_meter_use(crm_meter_t *meter)
{
    crm_meter_t *before = current;
    current = meter;
    return before;
}

apr_time_t crm_meter_start(void)
{
    return current ? apr_time_now() : 0;
}

/* A clock that was set back meanwhile is no time. */
static apr_interval_time_t since(apr_time_t start)
{
    apr_interval_time_t time = apr_time_now() - start;
    return time > 0 ? time : 0;
}

void crm_meter_statement(apr_time_t start, int count)
{
    if (current && start) {
        current->database += since(start);
        current->statements += count;
    }
}

void crm_meter_wait(apr_time_t start)
{
    if (current && start) {
        current->wait += since(start);
    }
}
