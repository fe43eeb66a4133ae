/* base/spill.c - bytes written once and read anywhere, in bounded memory. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/spill.h"

#define PAGE 4096
#define SLOTS 1024 /* pages in memory: page N is in slot N % SLOTS, or only in the file */
#define MODE 0600

typedef struct slot_t {
    char *bytes; /* NULL: none yet */
    apr_uint64_t page;
    int is_dirty; /* not in the file yet */
} slot_t;

struct crm_spill_t {
    apr_pool_t *pool;
    const char *folder;
    int fd; /* -1: none yet */
    apr_uint64_t size;
    slot_t slots[SLOTS];
};

static apr_status_t close_file(void *data)
{
    close(*(int *)data);
    return APR_SUCCESS;
}

crm_error_t *crm_spill_file(apr_pool_t *pool, const char *folder, int *ret_fd)
{
    int *fd = apr_palloc(pool, sizeof(*fd));
    if (!folder) {
        folder = getenv("TMPDIR");
    }
    if (!folder || !*folder) {
        folder = "/tmp";
    }
    *fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, MODE);
    if (*fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) {
        /* a file system that knows no files without names */
        char *path = apr_pstrcat(pool, folder, "/crm-XXXXXX", NULL);
        *fd = mkostemp(path, O_CLOEXEC);
        if (*fd >= 0) {
            unlink(path);
        }
    }
    if (*fd < 0) {
        return crm_error_system(pool, APR_FROM_OS_ERROR(errno), "a temporary file in %s", folder);
    }
    apr_pool_cleanup_register(pool, fd, close_file, apr_pool_cleanup_null);
    *ret_fd = *fd;
    return NULL;
}

crm_spill_t *crm_spill_make(apr_pool_t *pool, const char *folder)
{
    crm_spill_t *spill = apr_pcalloc(pool, sizeof(*spill));
    spill->pool = pool;
    spill->folder = folder;
    spill->fd = -1;
    return spill;
}

apr_uint64_t crm_spill_size(const crm_spill_t *spill)
{
    return spill->size;
}

static crm_error_t *write_page(crm_spill_t *spill, slot_t *slot)
{
    if (spill->fd < 0) {
        CRM_ERR(crm_spill_file(spill->pool, spill->folder, &spill->fd));
    }
    for (apr_size_t done = 0; done < PAGE;) {
        ssize_t put =
            pwrite(spill->fd, slot->bytes + done, PAGE - done, (off_t)(slot->page * PAGE + done));
        if (put < 0 && errno != EINTR) {
            return crm_error_system(spill->pool, APR_FROM_OS_ERROR(errno),
                                    "writing a temporary file");
        }
        done += put > 0 ? (apr_size_t)put : 0;
    }
    slot->is_dirty = 0;
    return NULL;
}

static crm_error_t *read_page(crm_spill_t *spill, slot_t *slot)
{
    for (apr_size_t done = 0; done < PAGE;) {
        ssize_t got =
            pread(spill->fd, slot->bytes + done, PAGE - done, (off_t)(slot->page * PAGE + done));
        if (got == 0 || (got < 0 && errno != EINTR)) {
            return crm_error_system(spill->pool, got ? APR_FROM_OS_ERROR(errno) : APR_EOF,
                                    "reading a temporary file");
        }
        done += got > 0 ? (apr_size_t)got : 0;
    }
    return NULL;
}

/* Has PAGE in memory: as it was written, or empty when nothing of it was. */
static crm_error_t *take_page(crm_spill_t *spill, apr_uint64_t page, char **ret_bytes)
{
    slot_t *slot = &spill->slots[page % SLOTS];
    if (!slot->bytes) {
        slot->bytes = apr_pcalloc(spill->pool, PAGE);
        slot->page = page;
    } else if (slot->page != page) {
        if (slot->is_dirty) {
            CRM_ERR(write_page(spill, slot));
        }
        slot->page = page;
        if (page * PAGE < spill->size) {
            CRM_ERR(read_page(spill, slot));
        }
    }
    *ret_bytes = slot->bytes;
    return NULL;
}

crm_error_t *crm_spill_append(crm_spill_t *spill, const void *bytes, apr_size_t size)
{
    const char *from = bytes;
    while (size > 0) {
        apr_uint64_t page = spill->size / PAGE;
        apr_size_t at = (apr_size_t)(spill->size % PAGE);
        apr_size_t part = size < PAGE - at ? size : PAGE - at;
        char *to = NULL;
        CRM_ERR(take_page(spill, page, &to));
        memcpy(to + at, from, part);
        spill->slots[page % SLOTS].is_dirty = 1;
        spill->size += part;
        from += part;
        size -= part;
    }
    return NULL;
}

crm_error_t *crm_spill_read(crm_spill_t *spill, apr_uint64_t offset, void *to, apr_size_t size)
{
    char *into = to;
    while (size > 0) {
        apr_size_t at = (apr_size_t)(offset % PAGE);
        apr_size_t part = size < PAGE - at ? size : PAGE - at;
        char *bytes = NULL;
        CRM_ERR(take_page(spill, offset / PAGE, &bytes));
        memcpy(into, bytes + at, part);
        into += part;
        offset += part;
        size -= part;
    }
    return NULL;
}
