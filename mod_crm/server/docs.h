/* server/docs.h - the documentation pages: files that httpd sends itself, and the fixed paths at
 * which the API's description is to be found beside them.
 *
 * /swagger/ and docs/ below the prefix are Swagger UI, /redoc/ is ReDoc; CrmDocs names their
 * folder. Only what is a file there is claimed. They may run scripts and styles of this server
 * alone.
 */
#ifndef CRM_SERVER_DOCS_H
#define CRM_SERVER_DOCS_H

#include <httpd.h>

#include "service/settings.h"

/* A path outside the prefix that stands for one below it. */
typedef struct crm_docs_alias_t {
    const char *uri;   /* "/swagger.json" */
    const char *path;  /* below the prefix: "schema/" */
    const char *query; /* "format=json&version=2.0" */
} crm_docs_alias_t;

/* What R's path stands for; NULL: nothing. */
const crm_docs_alias_t *crm_docs_alias(const request_rec *r, const crm_settings_t *settings);

/* Says in one sentence that SETTINGS' pages are not where they should be; NULL: they are, or there
 * shall be none. */
const char *crm_docs_missing(apr_pool_t *pool, const crm_settings_t *settings);

void crm_docs_register(apr_pool_t *pool);

#endif
