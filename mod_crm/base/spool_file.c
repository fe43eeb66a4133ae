/* base/spool_file.c - the files of a spool's folder: their names, their locks, their making. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_errno.h>

#include "base/spool_file.h"
#include "base/uuid.h"

#define HEX "0123456789abcdef"
#define HEX_TIME 16
#define ID 32 /* a UUID in hex digits */
#define MODE 0600

static const char *const prefixes[] = {
    [CRM_SPOOL_SEGMENT] = "segment-", [CRM_SPOOL_DEFERRED] = "defer-", [CRM_SPOOL_NEW] = "new-"};

/* Where the id stands in a name. */
static const char *id_of(const crm_spool_file_t *file)
{
    return file->name + strlen(file->name) - ID;
}

/* ID may stand in FILE's name. */
static void set_name(crm_spool_file_t *file, const char *id)
{
    char kept[ID + 1];
    snprintf(kept, sizeof(kept), "%s", id);
    snprintf(file->name, sizeof(file->name), "%s%016llx-%s%s%s", prefixes[file->kind],
             (unsigned long long)file->time, file->label, *file->label ? "-" : "", kept);
}

static void new_name(const crm_spool_file_t *file, char *ret_name)
{
    snprintf(ret_name, CRM_SPOOL_NAME, "%s%s", prefixes[CRM_SPOOL_NEW], id_of(file));
}

static void make_id(char ret_id[ID + 1])
{
    crm_uuid_t uuid;
    crm_uuid_make(&uuid);
    for (apr_size_t i = 0; i < sizeof(uuid.bytes); i++) {
        snprintf(ret_id + 2 * i, 3, "%02x", uuid.bytes[i]);
    }
}

static int is_id(const char *text)
{
    return strspn(text, HEX) == ID && text[ID] == '\0';
}

/* "<16 hex digits>-" at *AT. 1 or 0. */
static int take_time(const char **at, apr_time_t *ret_time)
{
    char *end;
    if (strspn(*at, HEX) != HEX_TIME || (*at)[HEX_TIME] != '-') {
        return 0;
    }
    *ret_time = (apr_time_t)strtoull(*at, &end, 16);
    *at = end + 1;
    return 1;
}

/* "<label>-" before the id. 1 or 0. */
static int take_label(const char **at, char *ret_label)
{
    apr_size_t length = strcspn(*at, "-");
    if (length == 0 || length > CRM_SPOOL_LABEL || (*at)[length] != '-') {
        return 0;
    }
    memcpy(ret_label, *at, length);
    ret_label[length] = '\0';
    *at += length + 1;
    return crm_spool_label_valid(ret_label);
}

/* Reads a name. 1 or 0. */
static int parse_name(const char *name, crm_spool_file_t *file)
{
    if (strlen(name) >= sizeof(file->name)) {
        return 0;
    }
    *file = (crm_spool_file_t){.kind = CRM_SPOOL_SEGMENT};
    for (int kind = CRM_SPOOL_SEGMENT; kind <= CRM_SPOOL_NEW; kind++) {
        apr_size_t length = strlen(prefixes[kind]);
        if (strncmp(name, prefixes[kind], length) != 0) {
            continue;
        }
        const char *at = name + length;
        file->kind = (crm_spool_kind_e)kind;
        if ((kind != CRM_SPOOL_NEW && !take_time(&at, &file->time)) ||
            (kind == CRM_SPOOL_DEFERRED && !take_label(&at, file->label)) || !is_id(at)) {
            return 0;
        }
        memcpy(file->name, name, strlen(name) + 1);
        return 1;
    }
    return 0;
}

/* By kind, then by label, then by name, which begins with the time. */
static int compare_files(const void *a, const void *b)
{
    const crm_spool_file_t *one = a;
    const crm_spool_file_t *other = b;
    int order = (int)one->kind - (int)other->kind;
    if (order == 0) {
        order = strcmp(one->label, other->label);
    }
    return order ? order : strcmp(one->name, other->name);
}

int crm_spool_label_valid(const char *label)
{
    apr_size_t length = strspn(label, "abcdefghijklmnopqrstuvwxyz0123456789_");
    return length > 0 && length <= CRM_SPOOL_LABEL && label[length] == '\0';
}

apr_status_t crm_spool_file_create(int directory, crm_spool_kind_e kind, apr_time_t time,
                                   const char *label, crm_spool_file_t *ret_file, int *ret_fd)
{
    crm_spool_file_t file = {.kind = kind, .time = time};
    char name[CRM_SPOOL_NAME];
    char id[ID + 1];

    snprintf(file.label, sizeof(file.label), "%s", label ? label : "");
    make_id(id);
    set_name(&file, id);
    new_name(&file, name);
    int fd = openat(directory, name, O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, MODE);
    if (fd < 0) {
        return errno;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        apr_status_t status = errno;
        unlinkat(directory, name, 0);
        close(fd);
        return status;
    }
    *ret_file = file;
    *ret_fd = fd;
    return APR_SUCCESS;
}

void crm_spool_file_abandon(int directory, const crm_spool_file_t *file)
{
    char name[CRM_SPOOL_NAME];
    new_name(file, name);
    unlinkat(directory, name, 0);
}

apr_status_t crm_spool_file_place(int directory, const crm_spool_file_t *file)
{
    char name[CRM_SPOOL_NAME];
    new_name(file, name);
    if (renameat(directory, name, directory, file->name) != 0) {
        apr_status_t status = errno;
        crm_spool_file_abandon(directory, file);
        return status;
    }
    return APR_SUCCESS;
}

apr_status_t crm_spool_file_put_off(int directory, crm_spool_file_t *file, apr_time_t due)
{
    char before[CRM_SPOOL_NAME];
    memcpy(before, file->name, sizeof(before));
    file->time = due;
    set_name(file, id_of(file));
    return renameat(directory, before, directory, file->name) == 0 ? APR_SUCCESS : errno;
}

apr_status_t crm_spool_file_take(int directory, const crm_spool_file_t *file, int *ret_fd)
{
    struct stat opened;
    struct stat named;
    apr_status_t status = APR_SUCCESS;
    int fd = openat(directory, file->name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return errno;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        status = errno == EWOULDBLOCK ? APR_EBUSY : errno;
    } else if (fstat(fd, &opened) != 0 || fstatat(directory, file->name, &named, 0) != 0 ||
               opened.st_ino != named.st_ino || opened.st_dev != named.st_dev) {
        status = APR_ENOENT; /* another owner removed or renamed it before this lock */
    }
    if (status != APR_SUCCESS) {
        close(fd);
        return status;
    }
    *ret_fd = fd;
    return APR_SUCCESS;
}

apr_status_t crm_spool_file_list(apr_pool_t *pool, int directory, apr_array_header_t **ret_files)
{
    apr_array_header_t *files = apr_array_make(pool, 16, sizeof(crm_spool_file_t));
    struct dirent *entry;
    int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir) {
        apr_status_t status = errno;
        if (fd >= 0) {
            close(fd);
        }
        return status;
    }
    while ((entry = readdir(dir)) != NULL) {
        crm_spool_file_t *file = apr_array_push(files);
        if (!parse_name(entry->d_name, file)) {
            apr_array_pop(files);
        }
    }
    closedir(dir);
    if (files->nelts > 0) {
        qsort(files->elts, (apr_size_t)files->nelts, sizeof(crm_spool_file_t), compare_files);
    }
    *ret_files = files;
    return APR_SUCCESS;
}
