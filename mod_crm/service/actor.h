/* service/actor.h - who calls: nobody, or an account with what it may do. Made by service/token.h.
 */
#ifndef CRM_SERVICE_ACTOR_H
#define CRM_SERVICE_ACTOR_H

#include "service/account.h"

typedef struct crm_actor_t {
    crm_account_t account;
    crm_tenant_t *tenant; /* the account's own; NULL for a superuser */
    unsigned char token_hash[CRM_HASH_SIZE];
    apr_time_t token_expires;
} crm_actor_t;

#endif
