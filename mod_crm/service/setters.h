/* service/setters.h - the functions that read each directive's words into the settings. The table
 * (service/directives.c) is their only caller. */
#ifndef CRM_SERVICE_SETTERS_H
#define CRM_SERVICE_SETTERS_H

#include "service/settings.h"

#define CRM_SETTER(name)                                                                           \
    crm_error_t *crm_set_##name(apr_pool_t *pool, crm_settings_t *settings, int argc,              \
                                const char *const *argv)

CRM_SETTER(engine);
CRM_SETTER(prefix);
CRM_SETTER(main_database);
CRM_SETTER(tenant_database);
CRM_SETTER(migrations);
CRM_SETTER(docs);
CRM_SETTER(secret_key_file);
CRM_SETTER(tenant);
CRM_SETTER(tenant_domain);
CRM_SETTER(tenant_from);
CRM_SETTER(registration);
CRM_SETTER(token_lifetime);
CRM_SETTER(token_idle);
CRM_SETTER(token_cache_life);
CRM_SETTER(history_keep_span);
CRM_SETTER(token_cache);
CRM_SETTER(password_hash);
CRM_SETTER(login_limit);
CRM_SETTER(pool);
CRM_SETTER(body_limit);
CRM_SETTER(import_limit);
CRM_SETTER(page_size);
CRM_SETTER(history);
CRM_SETTER(history_body);
CRM_SETTER(history_spool);
CRM_SETTER(cors_origin);
CRM_SETTER(cors_methods);
CRM_SETTER(cors_headers);
CRM_SETTER(cors_credentials);
CRM_SETTER(cors_max_age);
CRM_SETTER(debug);
CRM_SETTER(tenant_grace);
CRM_SETTER(history_keep);
CRM_SETTER(record_grace_span);
CRM_SETTER(record_grace);
CRM_SETTER(job_files);
CRM_SETTER(job_keep);
CRM_SETTER(database_server);
CRM_SETTER(tenant_isolation);
CRM_SETTER(mail_server);
CRM_SETTER(mail_from);
CRM_SETTER(mail_templates);
CRM_SETTER(login_cookie);
CRM_SETTER(trust_remote_user);

#endif
