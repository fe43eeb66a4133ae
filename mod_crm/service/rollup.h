/* service/rollup.h - the roll-up tables that statistics are read from.
 *
 *   history_rollup  (user_id, period, route, method, status) -> requests, seconds
 *   history_bucket  (user_id, period, status, bucket)        -> requests
 *   history_active  (period, user_id, status)
 *
 * User 0 is everybody. Each request counts in three periods: its day, its month and all time; so
 * all time is read from as many rows as there are routes, whatever the number of requests, and a
 * range of days from its whole months and the days at its ends. Routes are patterns and methods are
 * the registered ones, so that no client can make the tables grow. The status stands in each key
 * because statistics can be asked for one status; errors need no column of their own.
 *
 * Percentiles come from a histogram with geometric buckets: bucket b holds times over 1.15^(b-1) up
 * to 1.15^b microseconds, and its middle is at most 7.3% from any of them. Times from a microsecond
 * to a quarter of an hour take 148 buckets, those of one server about 40. The accounts active in a
 * period are a table of their own, because counting them in history_rollup would read each
 * account's every route.
 */
#ifndef CRM_SERVICE_ROLLUP_H
#define CRM_SERVICE_ROLLUP_H

#include "service/history.h"

#define CRM_ROLLUP_UNMATCHED "unmatched" /* the route of a request that matched none */
#define CRM_ROLLUP_ALL_TIME "a"
#define CRM_ROLLUP_PERIOD 12 /* room for a period's name */

/* Counts RECORDS, which were just inserted; in the same transaction. */
crm_error_t *crm_rollup_add(const crm_db_t *db, apr_pool_t *pool,
                            const crm_history_t *const *records, int count);

/* The names of the day ("d2026-11-23") and the month ("m2026-11") of TIME, which sort as their
 * times do. */
void crm_rollup_day(apr_time_t time, char ret_period[CRM_ROLLUP_PERIOD]);
void crm_rollup_month(apr_time_t time, char ret_period[CRM_ROLLUP_PERIOD]);

/* The bucket of a time, and the geometric middle of a bucket, in seconds. */
int crm_rollup_bucket(apr_interval_time_t time);
double crm_rollup_bucket_seconds(int bucket);

#endif
