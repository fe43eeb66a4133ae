/* base/spool_state.h - what a spool holds: shared by its appending and its taking half.
 *
 * Inside base/spool*.c only.
 */
#ifndef CRM_BASE_SPOOL_STATE_H
#define CRM_BASE_SPOOL_STATE_H

#include <stdatomic.h>

#include <apr_hash.h>
#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>

#include "base/spool.h"
#include "base/spool_file.h"

struct crm_spool_t {
    apr_uint64_t limit;
    apr_off_t segment_max;    /* a segment that is longer is closed and another begun */
    int directory;            /* descriptor */
    apr_thread_mutex_t *lock; /* of what follows */
    apr_thread_cond_t *changed;
    int fd; /* of this process's segment; -1: none yet */
    crm_spool_file_t file;
    apr_off_t size;
    int pending;      /* records appended since the last turn */
    apr_time_t since; /* when that began */
    int woken;
    apr_time_t next_due; /* when the next deferred file is due; 0: none known */
    /* counted by any thread */
    _Atomic apr_uint64_t appended, failed, torn, dropped, bytes;
    _Atomic apr_time_t counted; /* when bytes were counted last */
    /* of the taking thread alone */
    apr_pool_t *turn, *batch; /* cleared with each */
    apr_hash_t *labels;       /* of the turn: what waits (spool_defer.c) */
};

/* Gives up this process's segment: its records may then be taken by anybody. Under the lock. */
void crm_spool_close_segment(crm_spool_t *spool);

/* Counts the bytes of all files, if the last count is older than AGE, and removes the oldest that
 * nobody owns while they are more than the limit. Any thread. */
void crm_spool_enforce(crm_spool_t *spool, apr_interval_time_t age);

#endif
