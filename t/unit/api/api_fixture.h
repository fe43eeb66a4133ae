/* t/unit/api/api_fixture.h - calls on a site of their own: who calls, what is sent. */
#ifndef T_UNIT_API_API_FIXTURE_H
#define T_UNIT_API_API_FIXTURE_H

#include "../service/site_fixture.h"
#include "call_fixture.h"

/* What calls made by api_call are made with; a test that changes it changes it back. */
extern crm_settings_t api_settings;

/* Set-up of a group: the site (on SQLite, or where CRM_TEST_MYSQL says), the settings, and a
 * superuser. fixture_end takes it down. */
int api_begin(void **state);
int api_begin_mysql(void **state);

/* A call with TOKEN (NULL: nobody's) and a JSON body (NULL: none), not sent yet. */
call_t *api_call(void **state, const char *method, const char *url, const char *token,
                 const char *body);

/* Registers COMPANY with its admin ann (ann.SLUG@example.com, "long enough"); gives her token. */
const char *api_register(void **state, const char *company);

/* The superuser's token. */
const char *api_superuser(void **state);

/* The token that USERNAME of TENANT (NULL: found by the name) gets for "long enough". */
const char *api_login(void **state, const char *tenant, const char *username);

#endif
