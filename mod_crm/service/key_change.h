/* service/key_change.h - another secret key, without a login, a mail or a session being lost.
 *
 * What depends on the key: the passwords of tenants' database users (service/isolation.h), the
 * hashes of logins in the directory, mails that wait, cursors of lists, codes for forgotten
 * passwords, Idempotency-Keys. Tokens and passwords do not. While the key's file holds the key
 * before as well, all that is recognised by both; what lasts (logins, mails) is made again by the
 * new key before the old one goes.
 */
#ifndef CRM_SERVICE_KEY_CHANGE_H
#define CRM_SERVICE_KEY_CHANGE_H

#include "service/site.h"

/* Enters every login by SITE's key, and, to FINISH, removes what the key before has entered and
 * seals waiting mails anew. Run again it goes on. *RET_ACCOUNTS: how many accounts there are. */
crm_error_t *crm_key_change(const crm_site_t *site, apr_pool_t *pool, int finish,
                            int *ret_accounts);

#endif
