/* base/xlsx_number.h - the numbers of XLSX as a person typed them: decimals, dates, times.
 *
 * Inside base/xlsx*.c only.
 */
#ifndef CRM_BASE_XLSX_NUMBER_H
#define CRM_BASE_XLSX_NUMBER_H

#include <apr_pools.h>

#include "base/xlsx_styles.h"

/* TEXT, a number as XLSX stores it (a double's digits, perhaps with an exponent), as a plain
 * decimal: "12345678901", "0.1", "-0.0025". An integer that is written out keeps all of its digits;
 * any other is rounded to the 15 that Excel shows, half up, so that 0.30000000000000004 is 0.3.
 * TEXT itself when it is no number, or has an exponent beyond 400. */
const char *crm_xlsx_number(apr_pool_t *pool, const char *text);

/* TEXT, a number of days, by KIND as ISO 8601: "2026-11-23", "10:00:00", "2026-11-23T10:00:00.250"
 * (a fraction of milliseconds when there is one), elapsed time as "26:30:00". A date with a time of
 * day is a date and time whatever its format shows, and so is a time with days. Days count since
 * 1904-01-01, or from 1900-01-01 as 1 on; Excel's 1900-02-29, which is no day, is the 28th. What
 * no such date can be (before 0, after the year 9999) is a number. */
const char *crm_xlsx_date(apr_pool_t *pool, const char *text, crm_xlsx_kind_e kind, int is_1904);

#endif
