/* model/email.h - what is an e-mail address: the rules of Django's EmailValidator. */
#ifndef CRM_MODEL_EMAIL_H
#define CRM_MODEL_EMAIL_H

#include <apr_pools.h>

/* 1 when TEXT is an address: a dot-atom or a quoted string, '@', and a domain with a dot (in
 * Unicode, IDNA, or Punycode), "localhost" or an IP address in brackets; at most 320 characters
 * (RFC 3696 3). Else 0. */
int crm_email_valid(const char *text);

/* ADDRESS with its domain in ASCII (IDNA, UTS 46), as mail servers want it: in POOL, or ADDRESS
 * itself; NULL where the domain has no such form. */
const char *crm_email_ascii_domain(apr_pool_t *pool, const char *address);

#endif
