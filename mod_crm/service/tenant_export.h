/* service/tenant_export.h - all that a tenant has, for people and programs that do not know
 * mod_crm.
 *
 * A ZIP of every table twice: NAME.jsonl, a JSON object a row, and NAME.csv (base/sheet_writer.h).
 * Values are written as the API writes them: ids as UUIDs, times as ISO 8601 in UTC, prices with
 * their point. manifest.json has the columns with their types, numbers of rows and checksums;
 * SHA256SUMS is as in backups. Left out: passwords, tokens, keys of answers, and what is made of
 * other columns (folded text, search, counters).
 */
#ifndef CRM_SERVICE_TENANT_EXPORT_H
#define CRM_SERVICE_TENANT_EXPORT_H

#include "service/row_progress.h"
#include "service/tenant.h"

/* Writes TENANT, as it is at one moment, into FD, an empty file; PROGRESS, which may be NULL, is
 * told of each row twice. *RET_ROWS: of all tables. */
crm_error_t *crm_tenant_export(const crm_site_t *site, apr_pool_t *pool, const crm_tenant_t *tenant,
                               int fd, crm_row_progress_t *progress, apr_uint64_t *ret_rows);

#endif
