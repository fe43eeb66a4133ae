/* base/spool_defer.c - records set aside: which labels wait until when, and their files. */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include <apr_errno.h>
#include <apr_strings.h>

#include "base/spool_defer.h"
#include "base/spool_frame.h"

#define DUE_STEP apr_time_from_msec(100)

/* What a label waits for, and its records of this batch: header and record of each. */
typedef struct label_t {
    apr_time_t until;
    apr_array_header_t *parts; /* of struct iovec; NULL: none */
} label_t;

static label_t *label_of(crm_spool_t *spool, const char *name)
{
    label_t *label = apr_hash_get(spool->labels, name, APR_HASH_KEY_STRING);
    if (!label) {
        label = apr_pcalloc(spool->turn, sizeof(*label));
        apr_hash_set(spool->labels, apr_pstrdup(spool->turn, name), APR_HASH_KEY_STRING, label);
    }
    return label;
}

/* Writes all PARTS, which are changed on the way. */
static apr_status_t write_parts(int fd, struct iovec *parts, int count)
{
    while (count > 0) {
        ssize_t written = writev(fd, parts, count < IOV_MAX ? count : IOV_MAX);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return written < 0 ? errno : ENOSPC;
        }
        for (; count > 0 && (apr_size_t)written >= parts->iov_len; parts++, count--) {
            written -= (ssize_t)parts->iov_len;
        }
        if (written > 0) {
            parts->iov_base = (char *)parts->iov_base + written;
            parts->iov_len -= (apr_size_t)written;
        }
    }
    return APR_SUCCESS;
}

/* A file for what this batch has set aside for NAME. */
static apr_status_t write_label(crm_spool_t *spool, const char *name, const label_t *label)
{
    crm_spool_file_t file;
    int fd;
    apr_status_t status =
        crm_spool_file_create(spool->directory, CRM_SPOOL_DEFERRED, label->until, name, &file, &fd);
    if (status != APR_SUCCESS) {
        return status;
    }
    status = write_parts(fd, (struct iovec *)label->parts->elts, label->parts->nelts);
    if (status == APR_SUCCESS) {
        status = crm_spool_file_place(spool->directory, &file);
    } else {
        crm_spool_file_abandon(spool->directory, &file);
    }
    close(fd);
    return status;
}

/* Rounded up, so that labels that wait about as long are due together, in one turn. */
static apr_time_t due_after(apr_interval_time_t delay)
{
    apr_time_t due = apr_time_now() + delay;
    return delay > 0 ? (due + DUE_STEP - 1) / DUE_STEP * DUE_STEP : due;
}

apr_pool_t *crm_spool_begin_turn(crm_spool_t *spool)
{
    apr_pool_clear(spool->turn); /* and with it the pool of its batches */
    apr_pool_create(&spool->batch, spool->turn);
    spool->labels = apr_hash_make(spool->turn);
    return spool->turn;
}

void crm_spool_note_deferred(crm_spool_t *spool, const apr_array_header_t *files, apr_time_t now)
{
    for (int i = 0; i < files->nelts; i++) {
        const crm_spool_file_t *file = &APR_ARRAY_IDX(files, i, crm_spool_file_t);
        if (file->kind == CRM_SPOOL_DEFERRED && file->time > now) {
            label_t *label = label_of(spool, file->label);
            label->until = file->time > label->until ? file->time : label->until;
        }
    }
}

int crm_spool_all_of_label(crm_spool_t *spool, const char *label, apr_time_t *ret_until)
{
    int all = 0;
    for (apr_hash_index_t *at = apr_hash_first(spool->batch, spool->labels); at;
         at = apr_hash_next(at)) {
        const label_t *found = apr_hash_this_val(at);
        if (!found->parts) {
            continue;
        }
        if (strcmp(apr_hash_this_key(at), label) != 0) {
            return 0;
        }
        *ret_until = found->until;
        all = 1;
    }
    return all;
}

apr_status_t crm_spool_write_deferred(crm_spool_t *spool)
{
    for (apr_hash_index_t *at = apr_hash_first(spool->batch, spool->labels); at;
         at = apr_hash_next(at)) {
        const label_t *label = apr_hash_this_val(at);
        apr_status_t status =
            label->parts ? write_label(spool, apr_hash_this_key(at), label) : APR_SUCCESS;
        if (status != APR_SUCCESS) {
            return status;
        }
    }
    return APR_SUCCESS;
}

void crm_spool_forget_deferred(crm_spool_t *spool)
{
    for (apr_hash_index_t *at = apr_hash_first(spool->batch, spool->labels); at;
         at = apr_hash_next(at)) {
        ((label_t *)apr_hash_this_val(at))->parts = NULL;
    }
    apr_pool_clear(spool->batch);
}

void crm_spool_set_next_due(crm_spool_t *spool)
{
    apr_time_t due = 0;
    for (apr_hash_index_t *at = apr_hash_first(spool->turn, spool->labels); at;
         at = apr_hash_next(at)) {
        const label_t *label = apr_hash_this_val(at);
        if (label->until && (!due || label->until < due)) {
            due = label->until;
        }
    }
    apr_thread_mutex_lock(spool->lock);
    spool->next_due = due;
    apr_thread_mutex_unlock(spool->lock);
}

apr_status_t crm_spool_defer(crm_spool_t *spool, const char *label, const void *record,
                             apr_size_t size, apr_interval_time_t delay)
{
    if (!crm_spool_label_valid(label) || size > CRM_FRAME_MAX) {
        return APR_EINVAL;
    }
    label_t *found = label_of(spool, label);
    apr_time_t until = due_after(delay);
    unsigned char *header = apr_palloc(spool->batch, CRM_FRAME_HEADER);
    crm_frame_header(record, size, header);
    if (!found->parts) {
        found->parts = apr_array_make(spool->batch, 16, sizeof(struct iovec));
    }
    APR_ARRAY_PUSH(found->parts, struct iovec) =
        (struct iovec){.iov_base = header, .iov_len = CRM_FRAME_HEADER};
    APR_ARRAY_PUSH(found->parts, struct iovec) =
        (struct iovec){.iov_base = (void *)(apr_uintptr_t)record, .iov_len = size};
    /* who joins those that wait already does not put them off by the rounding */
    found->until = until > found->until + DUE_STEP ? until : found->until;
    return APR_SUCCESS;
}

apr_time_t crm_spool_deferred_until(crm_spool_t *spool, const char *label)
{
    const label_t *found = apr_hash_get(spool->labels, label, APR_HASH_KEY_STRING);
    return found ? found->until : 0;
}
