/* base/spool_file.h - the files of a spool's folder: their names, their locks, their making.
 *
 *   segment-<time>-<id>        a process's records, in the order appended
 *   defer-<due>-<label>-<id>   records set aside for a label until a time
 *   new-<id>                   one that is being made
 *
 * Times are microseconds in 16 hex digits, so that names of one kind sort by them; an id is a UUID.
 * Who holds flock(2) on a file owns it. A file is locked before it gets its name, and who locks one
 * that stands there looks afterwards whether the name still means it: so no two ever own a file,
 * and nobody takes one from under its maker. Inside base/spool*.c only.
 */
#ifndef CRM_BASE_SPOOL_FILE_H
#define CRM_BASE_SPOOL_FILE_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>

#define CRM_SPOOL_LABEL 64
#define CRM_SPOOL_NAME 144 /* room for any of the names */

typedef enum { CRM_SPOOL_SEGMENT, CRM_SPOOL_DEFERRED, CRM_SPOOL_NEW } crm_spool_kind_e;

typedef struct crm_spool_file_t {
    char name[CRM_SPOOL_NAME];
    crm_spool_kind_e kind;
    apr_time_t time;                 /* made (segment) or due (deferred) */
    char label[CRM_SPOOL_LABEL + 1]; /* deferred */
} crm_spool_file_t;

/* 1 when LABEL may stand in a name. */
int crm_spool_label_valid(const char *label);

/* A new file of KIND, open for append and reading and locked, still named as one being made: to be
 * renamed by crm_spool_file_place. TIME and LABEL are of its later name. */
apr_status_t crm_spool_file_create(int directory, crm_spool_kind_e kind, apr_time_t time,
                                   const char *label, crm_spool_file_t *ret_file, int *ret_fd);

/* Removes a file that is being made. */
void crm_spool_file_abandon(int directory, const crm_spool_file_t *file);

/* Gives a new file its name. On failure the file is removed (its descriptor stays open). */
apr_status_t crm_spool_file_place(int directory, const crm_spool_file_t *file);

/* Gives a deferred file another time. */
apr_status_t crm_spool_file_put_off(int directory, crm_spool_file_t *file, apr_time_t due);

/* Opens FILE and locks it. APR_EBUSY: somebody owns it; APR_ENOENT: it is gone. */
apr_status_t crm_spool_file_take(int directory, const crm_spool_file_t *file, int *ret_fd);

/* All files of the folder, of crm_spool_file_t, by kind, label and time; strange names are left
 * out. */
apr_status_t crm_spool_file_list(apr_pool_t *pool, int directory, apr_array_header_t **ret_files);

#endif
