/* service/trusted.h - users whom somebody else has authenticated (CrmTrustRemoteUser): each is the
 * account of that name in one tenant, never a superuser. */
#ifndef CRM_SERVICE_TRUSTED_H
#define CRM_SERVICE_TRUSTED_H

#include "service/actor.h"

typedef struct crm_trusted_t {
    const char *name;  /* as who authenticated him has it */
    int create;        /* make the account when there is none */
    const char *group; /* of an account that is made; NULL: the tenant's default one */
} crm_trusted_t;

/* Who USER is in TENANT, which is active. An account that is made has a random password; its e-mail
 * address is its name where that is one, else NAME@SLUG.invalid (RFC 2606: it gets no mail).
 * FORBIDDEN when there is none, it is disabled, or the name cannot be an account's. */
crm_error_t *crm_trusted_find(const crm_site_t *site, apr_pool_t *pool, const crm_tenant_t *tenant,
                              const crm_trusted_t *user, crm_actor_t **ret_actor);

#endif
