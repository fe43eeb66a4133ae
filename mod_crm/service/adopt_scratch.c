/* service/adopt_scratch.c - temporary databases that a dry run takes everything into. */
#include <stdlib.h>

#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_strings.h>

#include "service/adopt_part.h"

typedef struct scratch_t {
    apr_pool_t *pool;
    const char *folder;
} scratch_t;

static apr_status_t remove_folder(void *data)
{
    const scratch_t *scratch = data;
    apr_dir_t *folder;
    apr_finfo_t info;
    if (apr_dir_open(&folder, scratch->folder, scratch->pool) != APR_SUCCESS) {
        return APR_SUCCESS;
    }
    while (apr_dir_read(&info, APR_FINFO_NAME | APR_FINFO_TYPE, folder) == APR_SUCCESS) {
        if (info.filetype != APR_DIR) {
            apr_file_remove(apr_pstrcat(scratch->pool, scratch->folder, "/", info.name, NULL),
                            scratch->pool);
        }
    }
    apr_dir_close(folder);
    return apr_dir_remove(scratch->folder, scratch->pool);
}

static crm_error_t *make_folder(apr_pool_t *pool, scratch_t *scratch)
{
    const char *temp;
    apr_status_t status = apr_temp_dir_get(&temp, pool);
    char *folder = status ? NULL : apr_pstrcat(pool, temp, "/crm-adopt-XXXXXX", NULL);
    if (!folder || !mkdtemp(folder)) {
        return crm_error_system(pool, status ? status : APR_FROM_OS_ERROR(apr_get_os_error()),
                                "No temporary folder can be made");
    }
    scratch->pool = pool;
    scratch->folder = folder;
    apr_pool_cleanup_register(pool, scratch, remove_folder, apr_pool_cleanup_null);
    return NULL;
}

crm_error_t *crm_adopt_scratch(const crm_site_t *site, apr_pool_t *pool,
                               const crm_settings_t *settings, const crm_site_t **ret_site)
{
    scratch_t *scratch = apr_palloc(pool, sizeof(*scratch));
    crm_settings_t *own = apr_pmemdup(pool, settings, sizeof(*settings));
    crm_site_t *made;
    CRM_ERR(make_folder(pool, scratch));
    CRM_ERR(crm_db_url_parse(pool,
                             apr_pstrcat(pool, "sqlite://", scratch->folder, "/_main.db", NULL), 0,
                             &own->main_database));
    CRM_ERR(crm_db_url_parse(pool,
                             apr_pstrcat(pool, "sqlite://", scratch->folder, "/{slug}.db", NULL), 1,
                             &own->tenant_database));
    own->secret_key = &site->key;
    own->isolation = CRM_ISOLATION_NONE; /* files */
    CRM_ERR(crm_site_open(pool, own, 0, &made));
    made->entities = site->entities;
    crm_db_t main = made->main;
    main.needs = 0;
    CRM_ERR(crm_db_create_database(&main, pool));
    CRM_ERR(crm_migrate(&main, pool, made->main_migrations, NULL));
    *ret_site = made;
    return NULL;
}
