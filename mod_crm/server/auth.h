/* server/auth.h - tokens within httpd's access control.
 *
 * Below the prefix every request is authenticated here; what the API refuses, it answers itself.
 * Elsewhere, where the engine is on, a request with a token of ours (also in the login cookie)
 * becomes that user, so that "Require valid-user" and the like take tokens; without one, other
 * modules decide. Where CrmTrustRemoteUser names the module that authenticated somebody else, he
 * becomes the account of his name before httpd asks what is required of him. r->user is the user
 * name; CRM_TENANT (slug), CRM_USER and CRM_REQUEST_ID are set for logs and CGI.
 */
#ifndef CRM_SERVER_AUTH_H
#define CRM_SERVER_AUTH_H

#include <apr_pools.h>

void crm_auth_register(apr_pool_t *pool);

#endif
