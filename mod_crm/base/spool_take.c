/* base/spool_take.c - a spool: taking records away, setting them aside.
 *
 * A turn goes over the folder's files once. Records are read into one buffer, which holds a batch:
 * a part of a large file, or several small ones; with it go the files that it completes. Small
 * deferred files of one label that cannot be stored yet so become one larger; large ones only get
 * another time in their name, so that a database that is away for long does not have its records
 * copied again and again.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_errno.h>

#include "base/spool_defer.h"
#include "base/spool_frame.h"
#include "base/spool_state.h"

#define BUFFER ((apr_size_t)4 << 20)
/* A batch ends when so much of the buffer is used, or with so many files. */
#define BATCH (BUFFER / 4 * 3)
#define BATCH_FILES 64
/* A deferred file from this size on is renamed, not copied. */
#define LARGE ((apr_off_t)1 << 20)
#define COUNT_EVERY apr_time_from_sec(1)

typedef struct source_t {
    crm_spool_file_t *file;
    int fd;
    apr_off_t size, offset; /* offset: where to read on */
    crm_frames_t frames;
    int put_off;
} source_t;

typedef struct turn_t {
    crm_spool_t *spool;
    crm_spool_record_fn *record;
    crm_spool_done_fn *done;
    void *baton;
    apr_time_t now;
    unsigned char *buffer;
    apr_size_t capacity, parsed, filled;
    source_t complete[BATCH_FILES];
    int ncomplete;
    source_t *current; /* the file that is being read, or NULL */
    apr_size_t taken;
} turn_t;

/* The batch's only file, if it is large: it is rather renamed than copied. Else NULL. */
static source_t *large_source(turn_t *turn)
{
    source_t *source = turn->current ? turn->current : &turn->complete[0];
    return turn->ncomplete + (turn->current != NULL) == 1 && source->size >= LARGE ? source : NULL;
}

/* Makes safe what this batch has set aside. */
static apr_status_t set_aside(turn_t *turn)
{
    source_t *source = large_source(turn);
    apr_time_t until;
    if (source && crm_spool_all_of_label(turn->spool, source->file->label, &until)) {
        source->put_off = 1;
        return crm_spool_file_put_off(turn->spool->directory, source->file, until);
    }
    return crm_spool_write_deferred(turn->spool);
}

/* Ends a batch: its files that were read whole are removed or, when it could not be stored, left. 1
 * when the current file may be read on; else it is closed. */
static int finish_batch(turn_t *turn)
{
    apr_status_t status = turn->done(turn->baton);
    if (status == APR_SUCCESS) {
        status = set_aside(turn);
    }
    crm_spool_forget_deferred(turn->spool);
    for (int i = 0; i < turn->ncomplete; i++) {
        source_t *source = &turn->complete[i];
        if (status == APR_SUCCESS && !source->put_off &&
            unlinkat(turn->spool->directory, source->file->name, 0) == 0) {
            atomic_fetch_add(&turn->spool->torn, source->frames.torn);
        }
        close(source->fd);
    }
    turn->ncomplete = 0;
    if (turn->current && (status != APR_SUCCESS || turn->current->put_off)) {
        close(turn->current->fd);
        turn->current = NULL;
    }
    if (!turn->current) {
        turn->parsed = turn->filled = 0;
    }
    return turn->current != NULL;
}

/* Makes room for NEED bytes from the first that was not parsed. 1, or 0: the file was closed. */
static int make_room(turn_t *turn, apr_size_t need)
{
    if (turn->capacity - turn->parsed >= need) {
        return 1;
    }
    if ((turn->parsed > 0 || turn->ncomplete > 0) && !finish_batch(turn)) {
        return 0;
    }
    turn->filled -= turn->parsed;
    memmove(turn->buffer, turn->buffer + turn->parsed, turn->filled);
    turn->parsed = 0;
    if (turn->capacity < need) {
        unsigned char *larger = realloc(turn->buffer, need);
        if (!larger) {
            close(turn->current->fd);
            turn->current = NULL;
            return 0;
        }
        turn->buffer = larger;
        turn->capacity = need;
    }
    return 1;
}

/* Reads on until NEED bytes are there that were not parsed. 1, or 0: the file was closed. */
static int fill(turn_t *turn, apr_size_t need)
{
    if (!make_room(turn, need)) {
        return 0;
    }
    source_t *source = turn->current;
    while (turn->filled - turn->parsed < need) {
        apr_size_t room = turn->capacity - turn->filled;
        if ((apr_off_t)room > source->size - source->offset) {
            room = (apr_size_t)(source->size - source->offset);
        }
        ssize_t got = pread(source->fd, turn->buffer + turn->filled, room, source->offset);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            close(source->fd);
            turn->current = NULL;
            turn->filled = turn->parsed;
            return 0;
        }
        turn->filled += (apr_size_t)got;
        source->offset += got;
        if (got == 0) { /* shorter than it was: what there is, is all */
            source->size = source->offset;
            return 1;
        }
    }
    return 1;
}

/* Reads turn->current to its end; it then belongs to the batch. */
static void read_file(turn_t *turn)
{
    crm_frames_t *frames = &turn->current->frames;
    apr_size_t need = 1;
    apr_size_t used;
    while (turn->current->size > 0 && fill(turn, need)) {
        crm_frame_e found;
        do {
            found = crm_frame_next(frames, turn->buffer + turn->parsed, turn->filled - turn->parsed,
                                   turn->current->size - turn->current->offset, &used);
            turn->parsed += used;
            if (found == CRM_FRAME_FOUND) {
                turn->taken++;
                turn->record(turn->baton, frames->record, frames->size);
            }
        } while (found == CRM_FRAME_FOUND);
        if (found == CRM_FRAME_END) {
            break;
        }
        need = frames->need;
    }
    if (!turn->current) {
        return;
    }
    turn->complete[turn->ncomplete++] = *turn->current;
    turn->current = NULL;
    if (turn->ncomplete == BATCH_FILES || turn->filled >= BATCH) {
        finish_batch(turn);
    }
}

/* Takes one file, whose descriptor is FD where it is this process's own, else -1. */
static void take_file(turn_t *turn, crm_spool_file_t *file, int fd)
{
    int directory = turn->spool->directory;
    source_t source = {.file = file, .fd = fd};
    struct stat info;
    if (fd < 0 && crm_spool_file_take(directory, file, &source.fd) != APR_SUCCESS) {
        return;
    }
    if (fstat(source.fd, &info) != 0) {
        close(source.fd);
        return;
    }
    source.size = info.st_size;
    if (file->kind == CRM_SPOOL_DEFERRED && source.size >= LARGE) {
        apr_time_t until = crm_spool_deferred_until(turn->spool, file->label);
        if (until > turn->now) {
            crm_spool_file_put_off(directory, file, until);
            close(source.fd);
            return;
        }
    }
    turn->current = &source;
    read_file(turn);
}

/* Ends this process's segment and gives its descriptor (-1: there is none) and name. */
static int take_own(crm_spool_t *spool, char *ret_name)
{
    apr_thread_mutex_lock(spool->lock);
    if (spool->size == 0) {
        crm_spool_close_segment(spool);
    }
    int fd = spool->fd;
    memcpy(ret_name, spool->file.name, CRM_SPOOL_NAME);
    spool->fd = -1;
    spool->pending = 0;
    apr_thread_mutex_unlock(spool->lock);
    return fd;
}

static void take_files(turn_t *turn, apr_array_header_t *files, int own, const char *own_name)
{
    for (int i = 0; i < files->nelts; i++) {
        crm_spool_file_t *file = &APR_ARRAY_IDX(files, i, crm_spool_file_t);
        if (own >= 0 && strcmp(file->name, own_name) == 0) {
            take_file(turn, file, own);
            own = -1;
        } else if (file->kind == CRM_SPOOL_SEGMENT ||
                   (file->kind == CRM_SPOOL_DEFERRED && file->time <= turn->now)) {
            take_file(turn, file, -1);
        }
    }
    if (turn->ncomplete > 0) {
        finish_batch(turn);
    }
    if (own >= 0) {
        close(own);
    }
}

apr_status_t crm_spool_take(crm_spool_t *spool, crm_spool_record_fn *record,
                            crm_spool_done_fn *done, void *baton, apr_size_t *ret_taken)
{
    char own_name[CRM_SPOOL_NAME];
    apr_array_header_t *files;
    turn_t turn = {.spool = spool,
                   .record = record,
                   .done = done,
                   .baton = baton,
                   .now = apr_time_now(),
                   .capacity = BUFFER};
    apr_pool_t *pool = crm_spool_begin_turn(spool);
    *ret_taken = 0;
    crm_spool_enforce(spool, COUNT_EVERY);
    int own = take_own(spool, own_name);
    apr_status_t status = crm_spool_file_list(pool, spool->directory, &files);
    turn.buffer = status == APR_SUCCESS && files->nelts > 0 ? malloc(turn.capacity) : NULL;
    if (!turn.buffer) {
        if (own >= 0) {
            close(own);
        }
        return status == APR_SUCCESS && files->nelts > 0 ? APR_ENOMEM : status;
    }
    crm_spool_note_deferred(spool, files, turn.now);
    take_files(&turn, files, own, own_name);
    free(turn.buffer);
    crm_spool_set_next_due(spool);
    *ret_taken = turn.taken;
    return APR_SUCCESS;
}
