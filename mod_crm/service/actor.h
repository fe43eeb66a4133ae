/* service/actor.h - who calls: nobody, or an account with what it may do. Made by service/token.h.
 */
#ifndef CRM_SERVICE_ACTOR_H
#define CRM_SERVICE_ACTOR_H

#include "service/account.h"

/* The most that site->entities may hold; the registry's size is checked against it. */
#define CRM_ENTITIES_MAX 64

/* What an account of a tenant that is no admin may do with records (service/permission.h). */
typedef struct crm_grants_t {
    int known;                               /* 0: not read yet */
    unsigned char actions[CRM_ENTITIES_MAX]; /* 1 << crm_action_e, by place in site->entities */
} crm_grants_t;

typedef struct crm_actor_t {
    crm_account_t account;
    crm_tenant_t *tenant; /* the account's own; NULL for a superuser */
    crm_grants_t grants;
    unsigned char token_hash[CRM_HASH_SIZE];
    apr_time_t token_expires;
} crm_actor_t;

#endif
