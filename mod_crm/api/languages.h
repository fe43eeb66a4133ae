/* api/languages.h - which languages a client reads. */
#ifndef CRM_API_LANGUAGES_H
#define CRM_API_LANGUAGES_H

#include <apr_pools.h>

/* The languages of the header field Accept-Language (RFC 9110 12.5.4; VALUE NULL: none), best
 * first, each once, as their primary subtags in lower case separated by spaces, at most eight: "de
 * en". NULL where it names none. */
const char *crm_languages_accepted(apr_pool_t *pool, const char *value);

#endif
