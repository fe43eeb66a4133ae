/* base/credentials.h - a user and a password from a file of their own. */
#ifndef CRM_BASE_CREDENTIALS_H
#define CRM_BASE_CREDENTIALS_H

#include <apr_pools.h>

#include "base/error.h"

/* Reads the first line of the file at PATH, "user:password"; the password may have further colons.
 * Errors (INTERNAL, with a sentence that says what to do): not there, not readable, within reach of
 * its group or of others, not of that form. */
crm_error_t *crm_credentials_read(apr_pool_t *pool, const char *path, const char **ret_user,
                                  const char **ret_password);

#endif
