/* base/spool_defer.h - records set aside: which labels wait until when, and their files.
 *
 * A turn of the taking thread begins with crm_spool_begin_turn; within it each batch ends with
 * crm_spool_forget_deferred. Inside base/spool*.c only.
 */
#ifndef CRM_BASE_SPOOL_DEFER_H
#define CRM_BASE_SPOOL_DEFER_H

#include "base/spool_state.h"

/* Forgets the last turn; gives a pool for this one. */
apr_pool_t *crm_spool_begin_turn(crm_spool_t *spool);

/* Notes which labels wait, from the names of FILES (crm_spool_file_t). */
void crm_spool_note_deferred(crm_spool_t *spool, const apr_array_header_t *files, apr_time_t now);

/* 1 when all that this batch set aside is of LABEL, and something is; *RET_UNTIL: until when. */
int crm_spool_all_of_label(crm_spool_t *spool, const char *label, apr_time_t *ret_until);

/* Writes what this batch has set aside, one file a label. */
apr_status_t crm_spool_write_deferred(crm_spool_t *spool);

void crm_spool_forget_deferred(crm_spool_t *spool);

/* Has crm_spool_wait return when the first label is due. */
void crm_spool_set_next_due(crm_spool_t *spool);

#endif
