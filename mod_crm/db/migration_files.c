/* db/migration_files.c - reading the files of migrations. */
#include <stdlib.h>
#include <string.h>

#include <apr_escape.h>
#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_strings.h>

#include "base/secret.h"
#include "db/migration_files.h"
#include "db/script.h"

#define DIGITS 4
#define NAME_MAX_LENGTH 100

static const char *const folders[] = {[CRM_SCHEMA_MAIN] = "main", [CRM_SCHEMA_TENANT] = "tenant"};

/* NNNN_name.sql: the version; 0 for any other name. */
static int version_of(const char *name)
{
    apr_size_t length = strlen(name);
    if (length > NAME_MAX_LENGTH || strspn(name, "0123456789") != DIGITS || name[DIGITS] != '_' ||
        length < DIGITS + 2 + 4 || strcmp(name + length - 4, ".sql") != 0) {
        return 0;
    }
    return atoi(name);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names that end in ".sql", sorted. */
static crm_error_t *list_names(apr_pool_t *pool, const char *folder, apr_array_header_t **ret_names)
{
    apr_dir_t *directory;
    apr_finfo_t entry;
    apr_status_t status = apr_dir_open(&directory, folder, pool);
    if (status != APR_SUCCESS) {
        return crm_error_system(pool, status, "folder of migrations %s", folder);
    }
    apr_array_header_t *names = apr_array_make(pool, 16, sizeof(const char *));
    while (apr_dir_read(&entry, APR_FINFO_NAME, directory) == APR_SUCCESS) {
        apr_size_t length = strlen(entry.name);
        if (entry.name[0] != '.' && length > 4 && strcmp(entry.name + length - 4, ".sql") == 0) {
            APR_ARRAY_PUSH(names, const char *) = apr_pstrdup(pool, entry.name);
        }
    }
    apr_dir_close(directory);
    qsort(names->elts, (size_t)names->nelts, sizeof(const char *), by_name);
    *ret_names = names;
    return NULL;
}

static crm_error_t *read_text(apr_pool_t *pool, const char *path, const char **ret_text,
                              apr_size_t *ret_size)
{
    apr_file_t *file;
    apr_finfo_t info;
    apr_status_t status = apr_file_open(&file, path, APR_FOPEN_READ, 0, pool);
    if (status != APR_SUCCESS) {
        return crm_error_system(pool, status, "migration %s", path);
    }
    status = apr_file_info_get(&info, APR_FINFO_SIZE, file);
    if (status == APR_SUCCESS) {
        char *text = apr_palloc(pool, (apr_size_t)info.size + 1);
        status =
            info.size ? apr_file_read_full(file, text, (apr_size_t)info.size, ret_size) : APR_EOF;
        text[info.size] = '\0';
        *ret_text = text;
    }
    apr_file_close(file);
    return status == APR_SUCCESS ? NULL : crm_error_system(pool, status, "migration %s", path);
}

static crm_error_t *wrong(apr_pool_t *pool, const char *folder, const char *name, const char *why)
{
    return crm_error_cause(crm_error_standard(pool, CRM_E_INTERNAL), "migration %s/%s %s", folder,
                           name, why);
}

static crm_error_t *read_file(apr_pool_t *pool, const char *folder, const char *name,
                              int backslashes, crm_migration_file_t *ret_file)
{
    unsigned char hash[CRM_HASH_SIZE];
    const char *text;
    apr_size_t size;
    CRM_ERR(read_text(pool, apr_pstrcat(pool, folder, "/", name, NULL), &text, &size));
    if (strlen(text) != size) {
        return wrong(pool, folder, name, "holds a NUL byte");
    }
    crm_secret_sha256(text, size, hash);
    ret_file->name = name;
    ret_file->checksum = apr_pescape_hex(pool, hash, sizeof(hash), 0);
    ret_file->statements = crm_script_split(pool, text, backslashes);
    return ret_file->statements->nelts ? NULL : wrong(pool, folder, name, "has no statement");
}

crm_error_t *crm_migrations_read(apr_pool_t *pool, const char *directory, const char *driver,
                                 crm_schema_e schema, crm_migrations_t **ret_migrations)
{
    crm_migrations_t *migrations = apr_pcalloc(pool, sizeof(*migrations));
    const char *folder = apr_pstrcat(pool, directory, "/", driver, "/", folders[schema], NULL);
    apr_array_header_t *names;
    CRM_ERR(list_names(pool, folder, &names));
    if (names->nelts == 0) {
        return wrong(pool, folder, "0001_*.sql", "is missing");
    }
    migrations->files = apr_pcalloc(pool, (apr_size_t)names->nelts * sizeof(*migrations->files));
    for (int i = 0; i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);
        int version = version_of(name);
        if (version == 0) {
            return wrong(pool, folder, name, "is not named NNNN_name.sql");
        }
        if (version != i + 1) {
            return wrong(pool, folder, name,
                         apr_psprintf(pool, "should have the number %04d", i + 1));
        }
        CRM_ERR(
            read_file(pool, folder, name, crm_driver(driver)->backslashes, &migrations->files[i]));
    }
    migrations->count = names->nelts;
    *ret_migrations = migrations;
    return NULL;
}

int crm_migrations_newest(const crm_migrations_t *migrations)
{
    return migrations->count;
}

const char *crm_migrations_fingerprint(apr_pool_t *pool, const crm_migrations_t *migrations)
{
    unsigned char hash[CRM_HASH_SIZE];
    apr_array_header_t *texts = apr_array_make(pool, 32, sizeof(const char *));
    for (int i = 0; i < migrations->count; i++) {
        APR_ARRAY_PUSH(texts, const char *) = migrations->files[i].name;
        APR_ARRAY_PUSH(texts, const char *) = migrations->files[i].checksum;
    }
    const char *text = apr_array_pstrcat(pool, texts, '\n');
    crm_secret_sha256(text, strlen(text), hash);
    return apr_pescape_hex(pool, hash, sizeof(hash), 0);
}
