/* db/meter.h - what a piece of work costs in databases: the time of its statements, and how long it
 * waited for connections.
 *
 * Work is what one thread does between two calls of crm_meter_use. What another thread does for it
 * (base/gather.h) counts for that one.
 */
#ifndef CRM_DB_METER_H
#define CRM_DB_METER_H

#include <apr_time.h>

typedef struct crm_meter_t {
    apr_interval_time_t database; /* in statements, and in beginning and ending transactions */
    apr_interval_time_t wait;     /* for connections, opening them included */
    int statements;
} crm_meter_t;

/* From now on what this thread does is added to METER (NULL: to nothing). What it was added to
 * before. */
crm_meter_t *crm_meter_use(crm_meter_t *meter);

/* 0 when nobody wants to know, else the time: for the two below. For db/ alone. */
apr_time_t crm_meter_start(void);

/* Adds the time since START to the statements' (COUNT of them), or to the waits. */
void crm_meter_statement(apr_time_t start, int count);
void crm_meter_wait(apr_time_t start);

#endif
