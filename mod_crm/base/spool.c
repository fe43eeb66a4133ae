/* base/spool.c - a spool: opening, appending, waiting, its bound. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include <apr_errno.h>

#include "base/spool_frame.h"
#include "base/spool_state.h"

/* Segments are kept so small that others can help to read, and the bound has something to remove.
 */
#define SEGMENT_MAX ((apr_off_t)16 << 20)
#define SEGMENTS_IN_LIMIT 8
/* How long a reader waits after the first new record for more, because each turn costs a new
 * segment and a transaction a database: on an idle spool less than anybody notices, and longer once
 * so many records came that nobody watches for a single one. */
#define LINGER apr_time_from_msec(200)
#define LINGER_BUSY apr_time_from_msec(600)
#define BUSY 32
/* When the taking thread has not counted for so long, it is held up: then appending counts. */
#define COUNT_OVERDUE apr_time_from_sec(5)
/* Files being made are younger; an older one was left by a killed process, its records still being
 * where they were. */
#define NEW_FILE_AGE apr_time_from_sec(60)

typedef struct sized_t {
    const crm_spool_file_t *file;
    apr_off_t size;
    apr_time_t changed;
} sized_t;

static apr_status_t close_spool(void *data)
{
    crm_spool_t *spool = data;
    crm_spool_close_segment(spool);
    close(spool->directory);
    return APR_SUCCESS;
}

/* Makes this process's segment if there is none. */
static apr_status_t begin_segment(crm_spool_t *spool)
{
    int fd;
    if (spool->fd >= 0) {
        return APR_SUCCESS;
    }
    apr_status_t status = crm_spool_file_create(spool->directory, CRM_SPOOL_SEGMENT, apr_time_now(),
                                                NULL, &spool->file, &fd);
    if (status != APR_SUCCESS) {
        return status;
    }
    status = crm_spool_file_place(spool->directory, &spool->file);
    if (status != APR_SUCCESS) {
        close(fd);
        return status;
    }
    spool->fd = fd;
    spool->size = 0;
    return APR_SUCCESS;
}

/* One write of header and record; what was written in part is cut off again. */
static apr_status_t write_frame(crm_spool_t *spool, const struct iovec *parts)
{
    apr_size_t whole = parts[0].iov_len + parts[1].iov_len;
    ssize_t written;
    do {
        written = writev(spool->fd, parts, 2);
    } while (written < 0 && errno == EINTR);
    if (written >= 0 && (apr_size_t)written == whole) {
        spool->size += written;
        if (spool->size >= spool->segment_max) {
            crm_spool_close_segment(spool);
        }
        return APR_SUCCESS;
    }
    apr_status_t status = written < 0 ? errno : ENOSPC;
    if (written > 0 && ftruncate(spool->fd, spool->size) != 0) {
        crm_spool_close_segment(spool); /* the reader skips the torn record at its end */
    }
    return status;
}

/* Notes that there is something to take. Under the lock. */
static void set_pending(crm_spool_t *spool)
{
    if (spool->pending++ == 0) {
        spool->since = apr_time_now();
        apr_thread_cond_signal(spool->changed);
    }
}

/* Until when to wait, at most to END. Under the lock. */
static apr_time_t wait_end(const crm_spool_t *spool, apr_time_t end)
{
    apr_time_t lingered = spool->since + (spool->pending >= BUSY ? LINGER_BUSY : LINGER);
    return spool->pending > 0 && lingered < end ? lingered : end;
}

/* Oldest first. */
static int compare_sized(const void *a, const void *b)
{
    const sized_t *one = a;
    const sized_t *other = b;
    if (one->changed != other->changed) {
        return one->changed > other->changed ? 1 : -1;
    }
    return strcmp(one->file->name, other->file->name);
}

/* Removes FILE if nobody owns it. 1 or 0. */
static int remove_file(crm_spool_t *spool, const crm_spool_file_t *file)
{
    int fd;
    if (crm_spool_file_take(spool->directory, file, &fd) != APR_SUCCESS) {
        return 0;
    }
    int removed = unlinkat(spool->directory, file->name, 0) == 0;
    close(fd);
    return removed;
}

/* Sizes of all files, in RET_SIZED; files that a killed process was making are removed. */
static apr_uint64_t measure(crm_spool_t *spool, const apr_array_header_t *files,
                            apr_array_header_t *ret_sized)
{
    apr_time_t now = apr_time_now();
    apr_uint64_t bytes = 0;
    for (int i = 0; i < files->nelts; i++) {
        const crm_spool_file_t *file = &APR_ARRAY_IDX(files, i, crm_spool_file_t);
        struct stat info;
        if (fstatat(spool->directory, file->name, &info, AT_SYMLINK_NOFOLLOW) != 0) {
            continue;
        }
        apr_time_t changed = apr_time_from_sec(info.st_mtim.tv_sec) + info.st_mtim.tv_nsec / 1000;
        if (file->kind == CRM_SPOOL_NEW && changed + NEW_FILE_AGE < now &&
            remove_file(spool, file)) {
            continue;
        }
        bytes += (apr_uint64_t)info.st_size;
        APR_ARRAY_PUSH(ret_sized, sized_t) =
            (sized_t){.file = file, .size = info.st_size, .changed = changed};
    }
    return bytes;
}

static void count(crm_spool_t *spool, apr_pool_t *pool)
{
    apr_array_header_t *files;
    if (crm_spool_file_list(pool, spool->directory, &files) != APR_SUCCESS) {
        return;
    }
    apr_array_header_t *sized = apr_array_make(pool, files->nelts + 1, sizeof(sized_t));
    apr_uint64_t bytes = measure(spool, files, sized);
    if (spool->limit > 0 && bytes > spool->limit) {
        qsort(sized->elts, (apr_size_t)sized->nelts, sizeof(sized_t), compare_sized);
        for (int i = 0; i < sized->nelts && bytes > spool->limit; i++) {
            const sized_t *oldest = &APR_ARRAY_IDX(sized, i, sized_t);
            if (oldest->file->kind != CRM_SPOOL_NEW && remove_file(spool, oldest->file)) {
                bytes -= (apr_uint64_t)oldest->size;
                atomic_fetch_add(&spool->dropped, 1);
            }
        }
    }
    atomic_store(&spool->bytes, bytes);
}

void crm_spool_close_segment(crm_spool_t *spool)
{
    if (spool->fd < 0) {
        return;
    }
    if (spool->size == 0) {
        unlinkat(spool->directory, spool->file.name, 0);
    }
    close(spool->fd);
    spool->fd = -1;
}

void crm_spool_enforce(crm_spool_t *spool, apr_interval_time_t age)
{
    apr_time_t now = apr_time_now();
    apr_time_t before = atomic_load(&spool->counted);
    apr_pool_t *pool;
    if (now - before < age || !atomic_compare_exchange_strong(&spool->counted, &before, now)) {
        return;
    }
    /* a pool of its own: several threads may come here */
    if (apr_pool_create_unmanaged_ex(&pool, NULL, NULL) == APR_SUCCESS) {
        count(spool, pool);
        apr_pool_destroy(pool);
    }
}

apr_status_t crm_spool_open(apr_pool_t *pool, const char *directory, apr_uint64_t limit,
                            crm_spool_t **ret_spool)
{
    crm_spool_t *spool = apr_pcalloc(pool, sizeof(*spool));
    apr_status_t status;
    spool->fd = -1;
    spool->limit = limit;
    spool->segment_max = SEGMENT_MAX;
    if (limit > 0 && (apr_off_t)limit / SEGMENTS_IN_LIMIT < SEGMENT_MAX) {
        spool->segment_max = (apr_off_t)limit / SEGMENTS_IN_LIMIT;
    }
    crm_frame_init();
    status = apr_thread_mutex_create(&spool->lock, APR_THREAD_MUTEX_DEFAULT, pool);
    if (status == APR_SUCCESS) {
        status = apr_thread_cond_create(&spool->changed, pool);
    }
    if (status == APR_SUCCESS) {
        status = apr_pool_create(&spool->turn, pool);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    if (faccessat(AT_FDCWD, directory, R_OK | W_OK | X_OK, AT_EACCESS) != 0) {
        return errno;
    }
    spool->directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (spool->directory < 0) {
        return errno;
    }
    apr_pool_cleanup_register(pool, spool, close_spool, apr_pool_cleanup_null);
    *ret_spool = spool;
    return APR_SUCCESS;
}

apr_status_t crm_spool_append(crm_spool_t *spool, const void *record, apr_size_t size)
{
    unsigned char header[CRM_FRAME_HEADER];
    const struct iovec parts[] = {{.iov_base = header, .iov_len = sizeof(header)},
                                  {.iov_base = (void *)(apr_uintptr_t)record, .iov_len = size}};
    if (size > CRM_FRAME_MAX) {
        atomic_fetch_add(&spool->failed, 1);
        return EFBIG;
    }
    crm_frame_header(record, size, header);
    apr_thread_mutex_lock(spool->lock);
    apr_status_t status = begin_segment(spool);
    if (status == APR_SUCCESS) {
        status = write_frame(spool, parts);
    }
    if (status == APR_SUCCESS) {
        set_pending(spool);
    }
    apr_thread_mutex_unlock(spool->lock);
    atomic_fetch_add(status == APR_SUCCESS ? &spool->appended : &spool->failed, 1);
    crm_spool_enforce(spool, COUNT_OVERDUE);
    return status;
}

void crm_spool_wait(crm_spool_t *spool, apr_interval_time_t timeout)
{
    apr_thread_mutex_lock(spool->lock);
    apr_time_t now = apr_time_now();
    apr_time_t end = now + timeout;
    if (spool->next_due && spool->next_due < end) {
        end = spool->next_due;
    }
    while (!spool->woken) {
        apr_time_t until = wait_end(spool, end);
        if (now >= until) {
            break;
        }
        apr_thread_cond_timedwait(spool->changed, spool->lock, until - now);
        now = apr_time_now();
    }
    spool->woken = 0;
    apr_thread_mutex_unlock(spool->lock);
}

void crm_spool_wake(crm_spool_t *spool)
{
    apr_thread_mutex_lock(spool->lock);
    spool->woken = 1;
    apr_thread_cond_signal(spool->changed);
    apr_thread_mutex_unlock(spool->lock);
}

crm_spool_counts_t crm_spool_counts(crm_spool_t *spool)
{
    return (crm_spool_counts_t){.appended = atomic_load(&spool->appended),
                                .failed = atomic_load(&spool->failed),
                                .torn = atomic_load(&spool->torn),
                                .dropped = atomic_load(&spool->dropped),
                                .bytes = atomic_load(&spool->bytes)};
}

apr_status_t crm_spool_check(crm_spool_t *spool)
{
    struct statvfs file_system;
    struct stat folder;
    if (fstat(spool->directory, &folder) != 0 || fstatvfs(spool->directory, &file_system) != 0) {
        return errno;
    }
    if (folder.st_nlink == 0) {
        return ENOENT; /* removed while it was open */
    }
    if (faccessat(spool->directory, ".", W_OK | X_OK, AT_EACCESS) != 0) {
        return errno;
    }
    return file_system.f_bavail == 0 || (file_system.f_files > 0 && file_system.f_favail == 0)
               ? ENOSPC
               : APR_SUCCESS;
}
