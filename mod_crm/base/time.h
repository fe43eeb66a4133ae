/* base/time.h - times, spans and sizes as text. All times are UTC, apr_time_t microseconds.
 *
 * Years are 1 to 9999: others are not read, and are printed as the nearest time that can be. Out
 * parameters are not touched on failure.
 */
#ifndef CRM_BASE_TIME_H
#define CRM_BASE_TIME_H

#include <apr_pools.h>
#include <apr_time.h>

/* ISO 8601 with Z; microseconds only when not zero ("2026-11-23T10:00:00.120000Z"). */
const char *crm_time_iso(apr_pool_t *pool, apr_time_t time);

/* Reads ISO 8601: date and time with 'T' or a space, optional fraction, 'Z', an offset or nothing
 * (UTC). 1 when it is one, else 0. */
int crm_time_parse_iso(const char *text, apr_time_t *ret_time);

/* "YYYY-MM-DD" of a real day, at 00:00 UTC. 1 or 0. */
int crm_time_parse_date(const char *text, apr_time_t *ret_time);
const char *crm_time_date(apr_pool_t *pool, apr_time_t time);

/* The databases' form, "YYYY-MM-DD HH:MM:SS.ffffff" (always six digits), and back: 1 or 0. */
const char *crm_time_sql(apr_pool_t *pool, apr_time_t time);
int crm_time_parse_sql(const char *text, apr_time_t *ret_time);

/* A span with its unit: 500ms, 30s, 5m, 12h, 30d. 1 or 0 (no unit is 0). */
int crm_time_parse_span(const char *text, apr_interval_time_t *ret_span);

/* A size in bytes, with or without unit: 1024, 16k, 64M, 1G (1024-based). 1 or 0. */
int crm_time_parse_size(const char *text, apr_uint64_t *ret_size);

#endif
