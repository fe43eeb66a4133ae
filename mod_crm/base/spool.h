/* base/spool.h - a durable queue of records in files: many threads append, one thread takes away.
 *
 * A spool is a directory. Each process appends to a segment file of its own with one write(2) a
 * record, so that a record survives the process as soon as append returned. A segment is held by
 * flock(2) as long as its process lives (descriptors are O_CLOEXEC): a segment whose lock can be
 * taken is an orphan, and whoever lives takes it over. A record is framed (magic, length, CRC-32),
 * so that a torn one is skipped and counted, and the reader finds the next. The first segment is
 * made at the first append: a process that forks before it appends may share the spool with its
 * children.
 */
#ifndef CRM_BASE_SPOOL_H
#define CRM_BASE_SPOOL_H

#include <apr_pools.h>
#include <apr_time.h>

typedef struct crm_spool_t crm_spool_t;

typedef struct crm_spool_counts_t {
    apr_uint64_t appended; /* records, by this process */
    apr_uint64_t failed;   /* appends that failed: disk full and the like */
    apr_uint64_t torn;     /* records skipped on reading */
    apr_uint64_t dropped;  /* files removed, oldest first, because the spool was over its bound */
    apr_uint64_t bytes;    /* of all segments in the directory, when last counted */
} crm_spool_counts_t;

/* Opens the spool in DIRECTORY (must exist and be writable) for this process; LIMIT bounds the
 * bytes of all its segments together (0: no bound). Lives as long as POOL, which must be a pool of
 * the process. Thread-safe afterwards. */
apr_status_t crm_spool_open(apr_pool_t *pool, const char *directory, apr_uint64_t limit,
                            crm_spool_t **ret_spool);

/* Appends one record (at most 128 MiB) with one write. APR_SUCCESS, or the write's error (the spool
 * stays usable and no half record stays behind where the file system lets it be cut off). Wakes the
 * reader. */
apr_status_t crm_spool_append(crm_spool_t *spool, const void *record, apr_size_t size);

/* Waits until there may be something to take, or TIMEOUT has passed, or crm_spool_wake was called.
 * After the first new record it waits a little longer, so that a reader of a busy spool takes many
 * at a time. */
void crm_spool_wait(crm_spool_t *spool, apr_interval_time_t timeout);
void crm_spool_wake(crm_spool_t *spool);

/* What a reader does with one record: nothing but reading it. It stays where it is until DONE has
 * returned. */
typedef void crm_spool_record_fn(void *baton, const void *record, apr_size_t size);

/* Called after a batch of records was read (some MiB of one segment or of several small ones):
 * APR_SUCCESS means that they are stored for good (or set aside by crm_spool_defer) and may be
 * forgotten; anything else leaves their segments for a later turn. A record is therefore read at
 * least once: it carries its own identity. */
typedef apr_status_t crm_spool_done_fn(void *baton);

/* Takes what is ready, oldest first: this process's own segment (which is closed first, and a new
 * one begun at the next append), segments of dead processes, and deferred records whose time has
 * come. Removes what DONE gave APR_SUCCESS for. Enforces the limit, oldest first. Only one thread a
 * process may call it. *RET_TAKEN: records read. Errors: of the folder itself; a segment that
 * cannot be read now stays for a later turn. */
apr_status_t crm_spool_take(crm_spool_t *spool, crm_spool_record_fn *record,
                            crm_spool_done_fn *done, void *baton, apr_size_t *ret_taken);

/* Sets a record aside for LABEL (a-z 0-9 _ only, at most 64), to be offered again not before DELAY
 * has passed. For what cannot be stored now (its database is down). To be called between record and
 * done, or inside done; RECORD is one of this batch, as it was offered. Deferred records are
 * written and closed before the segment is removed; where that fails the segment stays. APR_EINVAL
 * for a label that is none. */
apr_status_t crm_spool_defer(crm_spool_t *spool, const char *label, const void *record,
                             apr_size_t size, apr_interval_time_t delay);

/* Until when records wait that this or another process has set aside for LABEL; 0 when none do. To
 * be called where crm_spool_defer may be. */
apr_time_t crm_spool_deferred_until(crm_spool_t *spool, const char *label);

crm_spool_counts_t crm_spool_counts(crm_spool_t *spool);

/* APR_SUCCESS when a record could be appended now; else what stands against it (the folder is gone
 * or not to be written, the file system is full). */
apr_status_t crm_spool_check(crm_spool_t *spool);

#endif
