/* t/unit/api/access_test.c - who may call a route that asks for a permission. */
#include <apr_strings.h>

#include "api/access.h"
#include "api_fixture.h"
#include "entities/registry.h"
#include "service/grant.h"

#define PERMISSION_ROW(what)                                                                       \
    {                                                                                              \
        .access = CRM_ACCESS_PERMISSION, .flags = CRM_ROUTE_NEEDS_TENANT,                          \
        .entity = &crm_branch_entity, .action = what                                               \
    }

static const crm_route_t rows[CRM_ACTION_COUNT] = {
    [CRM_ACTION_VIEW] = PERMISSION_ROW(CRM_ACTION_VIEW),
    [CRM_ACTION_ADD] = PERMISSION_ROW(CRM_ACTION_ADD),
    [CRM_ACTION_CHANGE] = PERMISSION_ROW(CRM_ACTION_CHANGE),
    [CRM_ACTION_DELETE] = PERMISSION_ROW(CRM_ACTION_DELETE),
};

/* A tenant with its admin, and ben, who is none. */
typedef struct company_t {
    crm_accounts_t accounts;
    crm_account_t *admin, *ben;
} company_t;

static company_t company(void **state, const char *name)
{
    fixture_t *f = fixture_of(state);
    company_t company = {.accounts = crm_accounts_of(f->site, f->pool, tenant_with_admin(f, name))};
    no_error(crm_account_get(&company.accounts, f->pool, 1, &company.admin));
    company.ben = account_of(&company.accounts, f->pool, "ben");
    return company;
}

/* A request by ACCOUNT (NULL: nobody) of COMPANY, for ROW. */
static crm_request_t request_of(void **state, const company_t *company,
                                const crm_account_t *account, const crm_route_t *row)
{
    fixture_t *f = fixture_of(state);
    crm_tenant_t *tenant = (crm_tenant_t *)company->accounts.tenant;
    crm_request_t request = {.pool = f->pool, .site = f->site, .route = row, .tenant = tenant};
    if (account) {
        request.actor = apr_pcalloc(f->pool, sizeof(*request.actor));
        request.actor->account = *account;
        request.actor->tenant = tenant;
    }
    return request;
}

/* The actions that ACCOUNT may do, as letters. */
static const char *may(void **state, const company_t *company, const crm_account_t *account)
{
    char *letters = apr_pcalloc(call_pool(), CRM_ACTION_COUNT + 1), *at = letters;
    for (crm_action_e action = 0; action < CRM_ACTION_COUNT; action++) {
        crm_request_t request = request_of(state, company, account, &rows[action]);
        crm_error_t *error = crm_access_check(&request);
        if (error) {
            is_error(error, CRM_E_FORBIDDEN, NULL,
                     "You do not have permission to perform this action.");
        } else {
            *at++ = *crm_action_name(action);
        }
    }
    return letters;
}

static void give(void **state, const company_t *company, const char *group, const char *codename)
{
    fixture_t *f = fixture_of(state);
    crm_id_set_t groups = {.count = 0}, permissions = {.count = 0};
    apr_int64_t group_id, permission_id;
    const crm_grant_change_t change = {.groups = &groups, .permissions = &permissions};
    crm_grant_t grant;
    if (group) {
        group_id = number_of(company->accounts.db, f->pool,
                             "SELECT id FROM user_group WHERE name = ?", group);
        groups = (crm_id_set_t){.ids = &group_id, .count = 1};
    }
    if (codename) {
        permission_id = number_of(company->accounts.db, f->pool,
                                  "SELECT id FROM permission WHERE codename = ?", codename);
        permissions = (crm_id_set_t){.ids = &permission_id, .count = 1};
    }
    no_error(crm_grant_set(&company->accounts, f->pool, company->ben, &change, &grant));
}

static void by_permissions(void **state)
{
    company_t acme = company(state, "Rights of a user");
    assert_string_equal(may(state, &acme, acme.ben), "vacd");
    give(state, &acme, NULL, NULL);
    assert_string_equal(may(state, &acme, acme.ben), "");
    give(state, &acme, NULL, "change_branch");
    assert_string_equal(may(state, &acme, acme.ben), "c");
    give(state, &acme, "Read only", NULL);
    assert_string_equal(may(state, &acme, acme.ben), "v");
    give(state, &acme, "Read only", "delete_branch");
    assert_string_equal(may(state, &acme, acme.ben), "vd");
}

static void who_needs_none(void **state)
{
    company_t acme = company(state, "Rights of others");
    assert_string_equal(may(state, &acme, acme.admin), "vacd");
    crm_account_t root = {.id = 2, .is_superuser = 1};
    crm_request_t request = request_of(state, &acme, &root, &rows[CRM_ACTION_ADD]);
    request.actor->tenant = NULL;
    no_error(crm_access_check(&request));
    request.tenant = NULL;
    is_error(crm_access_check(&request), CRM_E_BAD_REQUEST, NULL, "A tenant must be named.");
    request = request_of(state, &acme, NULL, &rows[CRM_ACTION_VIEW]);
    is_error(crm_access_check(&request), CRM_E_UNAUTHENTICATED, NULL, NULL);
}

/* What is known is not read again: the account has lost everything by now. */
static void what_is_known_is_not_read(void **state)
{
    company_t acme = company(state, "Rights known");
    crm_request_t request = request_of(state, &acme, acme.ben, &rows[CRM_ACTION_VIEW]);
    no_error(crm_access_check(&request));
    give(state, &acme, NULL, NULL);
    no_error(crm_access_check(&request));
    no_error(crm_access_permit(&request, &crm_branch_entity, CRM_ACTION_DELETE));
    request = request_of(state, &acme, acme.ben, &rows[CRM_ACTION_VIEW]);
    is_error(crm_access_check(&request), CRM_E_FORBIDDEN, NULL, NULL);
}

/* What is no record of the CRM is for nobody but admins. */
static void unknown_records(void **state)
{
    company_t acme = company(state, "Rights to nothing");
    static const crm_entity_t other = {.name = "branch", .app_label = "branch", .model = "branch"};
    static const crm_route_t row = {.access = CRM_ACCESS_PERMISSION,
                                    .flags = CRM_ROUTE_NEEDS_TENANT,
                                    .entity = &other,
                                    .action = CRM_ACTION_VIEW};
    crm_request_t request = request_of(state, &acme, acme.ben, &row);
    is_error(crm_access_check(&request), CRM_E_FORBIDDEN, NULL, NULL);
    request = request_of(state, &acme, acme.admin, &row);
    no_error(crm_access_check(&request));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_permissions),
        cmocka_unit_test(who_needs_none),
        cmocka_unit_test(what_is_known_is_not_read),
        cmocka_unit_test(unknown_records),
    };
    int failed = cmocka_run_group_tests_name("api/access, sqlite3", tests, api_begin, fixture_end);
    return failed +
           cmocka_run_group_tests_name("api/access, mysql", tests, api_begin_mysql, fixture_end);
}
