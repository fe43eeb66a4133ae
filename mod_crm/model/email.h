/* model/email.h - what is an e-mail address: the rules of Django's EmailValidator. */
#ifndef CRM_MODEL_EMAIL_H
#define CRM_MODEL_EMAIL_H

/* 1 when TEXT is an address: a dot-atom or a quoted string, '@', and a domain with a dot (in
 * Unicode, IDNA, or Punycode), "localhost" or an IP address in brackets; at most 320 characters
 * (RFC 3696 3). Else 0. */
int crm_email_valid(const char *text);

#endif
